"""From the first schema that landed to the newest, with rows in every table: nothing is lost, everything works."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps as current_apps
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from PIL import Image
from rest_framework.test import APIClient

from apps.accounts.models import SecondFactor
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.rotation import rotate_seal_keys
from apps.miniprograms.secrets import has_secret_changed, resolve_secret
from tests.empty_database import database_named, empty_database
from tests.unit.guards.test_migrations import labels_with_migrations

FIRST = [
    ("miniprograms", "0001_miniprogram"),
    ("clients", "0001_apiclient"),
    ("tokens", "0001_tokenevent"),
    ("codes", "0001_issuedcode"),
]
# the first schemas of rooms that came later, on what they were built upon
THEN = [
    ("codes", "0002_kinds_and_doors"),
    ("batches", "0001_codebatch"),
    ("gateway", "0001_opendoor"),
    ("accounts", "0001_second_factor"),
    ("selections", "0001_selection"),
]
OURS = ("miniprograms", "clients", "tokens", "codes", "batches", "gateway", "accounts", "selections")
# of the authenticator app that was set up then
FACTOR_KEY = b"0123456789abcdefghij"
# worked out anew from the other columns
DERIVED = {"codes.IssuedCode": {"search_text"}, "codes.LifetimePool": {"updated_at"}}
APPID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"
KEY = "wxc_" + "Ab3" * 17 + "Z"
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Rows = dict[str, dict[Any, dict[str, Any]]]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    executor.loader.build_graph()
    return executor.loader.project_state([target for target in targets if target[1]]).apps


def sealed_as_then(secret: str, key: str) -> tuple[str, bytes]:
    """Address and sealed bytes as the first version made them, written out so that no later change can hide."""
    return keyed(secret, key, b"wxcode secret address"), Fernet(key).encrypt(secret.encode())


def keyed(secret: str, key: str, purpose: bytes) -> str:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
    return hmac.new(derived, secret.encode(), sha256).hexdigest()


def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (430, 430), "white").save(buffer, "JPEG")
    return buffer.getvalue()


def fill_first(then, seal_key):
    """A row and more in every table of the first schema."""
    address, sealed = sealed_as_then(SECRET, seal_key)
    then.get_model("miniprograms", "SealedSecret").objects.create(address=address, sealed=sealed)
    miniprogram = then.get_model("miniprograms", "MiniProgram").objects.create(
        appid=APPID,
        name="大厅 Shop",
        secret_ref=f"sealed:{address}",
        secret_fingerprint=keyed(SECRET, seal_key, b"wxcode secret fingerprint")[:12],
        token_mode="classic",
        default_page="pages/index/index",
        env_version="trial",
        check_path=False,
        notes="first",
        is_sandbox=True,
    )
    client = then.get_model("clients", "ApiClient").objects.create(
        name="shop",
        key_prefix=KEY[:12],
        key_hash=sha256(KEY.encode()).hexdigest(),
        scopes=["codes:create", "codes:read"],
        is_limited=True,
        networks=["127.0.0.0/8"],
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    )
    client.miniprograms.add(miniprogram)
    then.get_model("tokens", "TokenEvent").objects.create(
        miniprogram=miniprogram, outcome="failed", trigger="schedule", code="wechat_busy", errcode=-1, rid="a-b-c"
    )
    then.get_model("codes", "FailedAttempt").objects.create(
        miniprogram=miniprogram, scene="table=9", env_version="trial", requested_by="client:shop", door="api", code="x"
    )
    tag = then.get_model("codes", "Tag").objects.create(name="hall")
    image = picture()
    default_storage.save("codes/first.jpg", ContentFile(image))
    codes = then.get_model("codes", "IssuedCode").objects
    for number in range(3):
        code = codes.create(
            miniprogram=miniprogram,
            scene=f"table={number}",
            page="pages/a",
            env_version="trial",
            check_path=False,
            digest=sha256(str(number).encode()).hexdigest(),
            label=f"靠窗 {number}",
            external_id=f"order-{number}",
            search_text="of the first version",
            image="codes/first.jpg",
            image_sha256=sha256(image).hexdigest(),
            image_size=len(image),
            image_width=430,
            media_type="image/jpeg",
            client=client,
            issued_by="client:shop",
            door="api",
            issued_at=WHEN,
        )
        code.tags.add(tag)


def fill_then(then, seal_key):
    """Rows in the first tables of the rooms that came later."""
    miniprogram = then.get_model("miniprograms", "MiniProgram").objects.get()
    client = then.get_model("clients", "ApiClient").objects.get()
    code = then.get_model("codes", "IssuedCode").objects.order_by("pk").first()
    then.get_model("codes", "LifetimePool").objects.create(miniprogram=miniprogram, used=12, uncertain=1)
    then.get_model("gateway", "OpenDoor").objects.create(door="qrcode", networks=["10.0.0.0/8"])
    batch = then.get_model("batches", "CodeBatch").objects.create(
        miniprogram=miniprogram, client=client, name="Tables", state="done", total=2, issued=1, failed=1, door="api"
    )
    facts = {"batch": batch, "env_version": "trial", "check_path": False, "width": 430, "digest": code.digest}
    items = then.get_model("batches", "BatchItem").objects
    items.create(**facts, row=1, scene="table=0", code=code, state="issued")
    items.create(**facts, row=2, scene="无", state="failed", error="invalid_request", tags=["hall"])
    then.get_model("batches", "BatchLimit").objects.create(client=client, max_rows=500)
    then.get_model("batches", "BatchRun").objects.create(miniprogram=miniprogram, lease_until=WHEN)
    # the account itself is Django's
    user = get_user_model().objects.create_user("anna")
    sealed = Fernet(seal_key).encrypt(FACTOR_KEY)
    then.get_model("accounts", "SecondFactor").objects.create(user_id=user.pk, name="wxcode", sealed_key=sealed)
    then.get_model("accounts", "BackupCodes").objects.create(user_id=user.pk, name="codes", hashes=["a", "b"])
    selection = then.get_model("selections", "Selection").objects.create(user_id=user.pk, code_ids=[code.pk], count=1)
    then.get_model("selections", "SelectionJob").objects.create(
        selection=selection, action="tag", options={"tags": ["hall"]}, state="done", total=1, done=1, changed=1
    )


def read_all(models) -> Rows:
    """Every row of every table of ours, as the columns hold it."""
    rows: Rows = {}
    for model in models:
        label = model._meta.label
        rows[label] = {}
        for row in model.objects.values(*(field.attname for field in model._meta.concrete_fields)):
            rows[label][row["id"]] = row
    return rows


def historical(then):
    return [model for label in OURS for model in then.get_app_config(label).get_models(include_auto_created=True)]


def current():
    return [
        model for label in OURS for model in current_apps.get_app_config(label).get_models(include_auto_created=True)
    ]


@pytest.fixture
def upgraded(transactional_db, settings, tmp_path):
    """What the rows were, in a database that was made as the first schema made it, and then migrated to the newest."""
    (seal_key,) = settings.WXCODE_SEAL_KEYS
    with empty_database(tmp_path) as name, database_named(name):
        newest = MigrationLoader(connection).graph.leaf_nodes()
        others = [leaf for leaf in newest if leaf[0] not in OURS]
        fill_first(migrate(others + FIRST), seal_key)
        then = migrate(FIRST + THEN)
        fill_then(then, seal_key)
        before = read_all(historical(then))
        migrate(newest)
        yield before


def as_stored(value):
    return bytes(value) if isinstance(value, memoryview) else value


def every_row_and_every_column_is_still_there(upgraded):
    now = read_all(current())
    tables = {model._meta.db_table for model in current()}
    assert len(upgraded) >= 18 and all(upgraded.values()), "a table without rows proves nothing"
    for label, rows in upgraded.items():
        if label == "codes.IssuedCode_tags":
            assert "codes_issuedcode_tags" in tables
            label, rows = "codes.CodeTag", rows
        assert set(now[label]) >= set(rows), label
        for pk, row in rows.items():
            for name, value in row.items():
                if name not in DERIVED.get(label, ()):
                    assert as_stored(now[label][pk][name]) == as_stored(value), f"{label}.{name}"


def secrets_open_keys_work_and_codes_are_found():
    miniprogram = MiniProgram.objects.get()
    assert resolve_secret(miniprogram) == SECRET and not has_secret_changed(miniprogram)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {KEY}")
    for words in ("search=able=1", "search=靠窗", "search=窗 1", "scene=table=1", "tag=hall", "external_id=order-1"):
        found = api.get(f"/api/v1/codes/?{words}&appid={APPID}")
        assert found.status_code == 200, found.content
        assert "table=1" in {code["scene"] for code in found.json()["results"]}, words
    code = found.json()["results"][0]
    assert (code["label"], code["tags"]) == ("靠窗 1", ["hall"])
    image = api.get(f"/api/v1/codes/{code['id']}/image")
    assert (image.status_code, b"".join(image.streaming_content) if image.streaming else image.content) == (
        200,
        picture(),
    )
    staff = Client()
    staff.force_login(get_user_model().objects.create_superuser("boss"))
    for page in ("/", f"/codes/{code['id']}/", "/admin/", f"/admin/miniprograms/miniprogram/{miniprogram.pk}/change/"):
        assert staff.get(page).status_code == 200, page
    for page in ("codes/issuedcode", "batches/codebatch", "clients/apiclient", "tokens/tokenevent", "gateway/opendoor"):
        assert staff.get(f"/admin/{page}/").status_code == 200, page


def what_was_issued_then_can_be_changed_and_more_is_issued(sandbox):
    sandbox.register(APPID, SECRET, released_pages=["pages/a"])
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {KEY}")
    new = api.post("/api/v1/codes/", {"appid": APPID, "scene": "table=new"}, format="json")
    assert new.status_code == 201, new.content
    old = api.get(f"/api/v1/codes/?scene=table=2&appid={APPID}").json()["results"][0]
    body = json.dumps({"label": "Roof"})
    changed = api.patch(f"/api/v1/codes/{old['id']}/", body, content_type="application/json")
    assert changed.status_code == 200, changed.content
    assert len(api.get("/api/v1/codes/?search=roof").json()["results"]) == 1


def seal_keys_still_rotate(settings):
    settings.WXCODE_SEAL_KEYS = [Fernet.generate_key().decode(), *settings.WXCODE_SEAL_KEYS]
    rotate_seal_keys()
    settings.WXCODE_SEAL_KEYS = settings.WXCODE_SEAL_KEYS[:1]
    assert resolve_secret(MiniProgram.objects.get()) == SECRET
    assert SecondFactor.objects.get().open_key() == FACTOR_KEY


@pytest.mark.both_databases
def test_an_upgrade_from_the_first_schema_loses_nothing_and_everything_works(upgraded, sandbox, settings, subtests):
    """One upgrade, and all that is asked of it."""
    with subtests.test("every row and every column is still there"):
        every_row_and_every_column_is_still_there(upgraded)
    with subtests.test("secrets open, keys work, codes are found"):
        secrets_open_keys_work_and_codes_are_found()
    with subtests.test("what was issued then can be changed, and more is issued"):
        what_was_issued_then_can_be_changed_and_more_is_issued(sandbox)
    with subtests.test("seal keys still rotate"):
        seal_keys_still_rotate(settings)


def test_no_room_with_tables_is_left_out():
    assert set(OURS) == labels_with_migrations()
