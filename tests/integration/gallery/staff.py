"""Staff and their codes, for the tests of the gallery and of the browser."""

from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User

from apps.codes.models import Door, IssuedCode
from apps.codes.requests import Issuer, code_request
from apps.codes.services import issue_code
from apps.miniprograms.models import MiniProgram

PASSWORD = "correct horse battery"
PAGE = "pages/index/index"


def make_staff(username: str = "anna", *, password: str | None = None, **fields: Any) -> User:
    """A superuser unless `fields` say otherwise. A password only for who logs in by the form: hashing is slow."""
    rights = {"is_staff": True, "is_superuser": True}
    return User.objects.create_user(username, password=password, **(rights | fields))


def issue(miniprogram: MiniProgram, scene: str, *, by: str = "staff:anna", **given: Any) -> IssuedCode:
    """A code of `miniprogram`, really asked for."""
    door = Door.GALLERY if by.startswith("staff:") else Door.API
    if "path" not in given:
        given = {"page": PAGE, **given}
    request = code_request(miniprogram, scene=scene, **given)
    return issue_code(miniprogram=miniprogram, request=request, issuer=Issuer(label=by, door=door)).code


def copy_rows(code: IssuedCode, *, count: int, name: str = "copy") -> list[IssuedCode]:
    """`count` more rows with the same picture; `name` tells the copies of one code from those of another."""
    rows = []
    for number in range(count):
        values = {field.attname: getattr(code, field.attname) for field in IssuedCode._meta.concrete_fields}
        values |= {"id": None, "scene": f"{name}={number}", "digest": sha256(f"{name}={number}".encode()).hexdigest()}
        row = IssuedCode(**values)
        row.fill_search_text()
        rows.append(row)
    created: list[IssuedCode] = IssuedCode.objects.bulk_create(rows)
    return created
