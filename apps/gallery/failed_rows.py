"""The form of a new batch, filled in from the rows of another that failed."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.batches.exports.again import failed_items, failed_table
from apps.batches.models import CodeBatch
from apps.batches.uploads import KeptUpload, keep_upload
from apps.codes.models import PATH_KINDS
from apps.gallery.batch_forms import FILE, TEXT
from apps.gallery.causes import FIELDS_OF_ERRCODES, Cause, find_causes
from apps.gallery.forms import look_of

# More is no text to look through: the form keeps it as a file.
SHOWN_LENGTH = 100_000


def values_of_failed(
    batch: CodeBatch, alike: dict[str, Any], *, owner: str
) -> tuple[dict[str, Any], KeptUpload | None]:
    """What the fields begin with, and the rows as a kept file where they are too many for a field."""
    table = failed_table(batch, without=alike)
    values = {
        **look_of(batch),
        **alike,
        "miniprogram": batch.miniprogram.appid,
        "name": batch.name,
        "kind": batch.kind,
        "check_path": failed_items(batch).filter(check_path=True).exists(),
        "tags": ", ".join(alike.get("tags", ())),
    }
    if len(table) <= SHOWN_LENGTH:
        return values | {"source": TEXT, TEXT: table}, None
    kept = keep_upload(SimpleUploadedFile(f"{batch.name}.csv", table.encode()), owner=owner)
    return values | {"source": FILE}, kept


def find_faulty_field(batch: CodeBatch, alike: dict[str, Any]) -> tuple[str, Cause] | None:
    """The field of the form that most of the rows failed by, with the cause; None where it is no field's."""
    causes = find_causes(batch)
    field = FIELDS_OF_ERRCODES.get(causes[0].errcode or 0) if causes else None
    if field is None:
        return None
    # a page that differs, a scene and a path stand in the rows
    is_in_form = field == "page" and batch.kind not in PATH_KINDS and "page" in alike
    return ("page" if is_in_form else TEXT), causes[0]
