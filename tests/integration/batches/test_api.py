"""The batch endpoints: order in every way, look, steer, and see only what the key may see."""

import io
import json

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.batches.models import BatchState, CodeBatch
from tests.integration.batches.conftest import scenes
from tests.parts import make_api, make_miniprogram
from tests.unit.batches.packages import number, package, table, text

CODE = "/wxa/getwxacodeunlimit"
ADDRESS = "/api/v1/batches/"
pytestmark = pytest.mark.django_db


def post(api, body, query=""):
    return api.post(f"{ADDRESS}{query}", body, format="json")


def test_rows_become_a_batch(sandbox, miniprogram):
    api = make_api()
    answer = post(api, {"appid": miniprogram.appid, "name": "Tables", "rows": scenes(3), "page": "pages/index/index"})
    assert answer.status_code == 201
    facts = answer.json()
    assert answer["Location"] == f"{ADDRESS}{facts['id']}/"
    assert (facts["name"], facts["state"], facts["progress"]["total"]) == ("Tables", "running", 3)
    assert (facts["client"], facts["issued_by"], facts["hold"]) == ("shop", "client:shop", None)
    assert api.get(f"{ADDRESS}{facts['id']}/").json()["progress"]["waiting"] == 3
    assert [item["scene"] for item in api.get(f"{ADDRESS}{facts['id']}/items/").json()["results"]] == [
        "t=3",
        "t=2",
        "t=1",
    ]


def test_a_dry_run_stores_and_spends_nothing(sandbox, miniprogram):
    body = {"appid": miniprogram.appid, "rows": [*scenes(2), {"scene": "桌"}, {"scene": "t=1"}]}
    report = post(make_api(), body, "?dry_run=1").json()
    assert (report["rows"], report["valid"], report["invalid"], report["duplicates"]) == (4, 3, 1, 1)
    assert report["problems"][0] | {"message": ""} == {"row": 3, "column": "scene", "value": "桌", "message": ""}
    assert report["duplicate_rows"] == [{"row": 4, "same_as": 1}]
    assert not CodeBatch.objects.exists()
    assert sandbox.count(CODE) == 0


def test_invalid_rows_refuse_the_batch_or_are_left_out(miniprogram):
    api = make_api()
    body = {"appid": miniprogram.appid, "rows": [{"scene": "a"}, {"scene": "桌"}]}
    problem = post(api, body).json()
    assert (problem["status"], problem["code"], list(problem["errors"])) == (400, "rows_invalid", ["rows.2.scene"])
    assert post(api, body | {"skip_invalid": True}).json()["progress"]["total"] == 1


def workbook(*records):
    book = openpyxl.Workbook()
    for record in records:
        book.active.append(record)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "场景,名称,座位\ntable=1,一号桌,A1\n".encode(),
        "场景,名称,座位\ntable=1,一号桌,A1\n".encode("gb18030"),
        workbook(["scene", "label", "座位"], ["table=1", "一号桌", "A1"]),
    ],
)
def test_a_file_becomes_a_batch_of_its_name(miniprogram, content):
    upload = SimpleUploadedFile("桌子.csv", content)
    form = {"appid": miniprogram.appid, "file": upload, "width": "430", "is_hyaline": "true", "tags": "a, b"}
    answer = make_api().post(ADDRESS, form, format="multipart")
    assert answer.status_code == 201, answer.content
    batch = CodeBatch.objects.get()
    item = batch.items.get()
    assert (batch.name, batch.is_hyaline, batch.columns) == ("桌子.csv", True, ["座位"])
    assert (item.scene, item.label, item.extra, item.tags) == ("table=1", "一号桌", {"座位": "A1"}, ["a", "b"])


def test_the_tags_of_a_form_are_divided_like_those_of_a_table(miniprogram):
    upload = SimpleUploadedFile("t.csv", "scene,tags\na1,窗边；六月\n".encode())
    make_api().post(
        ADDRESS, {"appid": miniprogram.appid, "file": upload, "tags": "活动，桌码、六月;x"}, format="multipart"
    )
    assert CodeBatch.objects.get().items.get().tags == ["活动", "桌码", "六月", "x", "窗边"]


DOUBTFUL = package(
    table(["六月桌码"], ["scene", "label", "page"], text("A3", "a") + '<c r="C3"><f>B2</f></c>',
          text("A4", "1914310000010100000") + number("B4", "46174", 1), ["c", "x"]),
    table(["scene"], ["d"]),
    formats=["yyyy-mm-dd"],
)  # fmt: skip


@pytest.mark.both_databases
def test_a_report_says_what_was_read_and_what_to_look_at(miniprogram):
    form = {"appid": miniprogram.appid, "file": SimpleUploadedFile("t.xlsx", DOUBTFUL.getvalue())}
    report = make_api().post(f"{ADDRESS}?dry_run=1", form, format="multipart").json()
    assert (report["rows"], report["valid"], report["sheet"]) == (3, 2, "Sheet1")
    assert [(each["row"], each["column"], each["value"]) for each in report["problems"]] == [(3, "page", "=B2")]
    assert report["problem_count"] == 1
    assert [(each["row"], each["column"], each["value"]) for each in report["warnings"]] == [
        (4, "scene", "1914310000010100000"),
        (4, "label", "2026-06-01"),
    ]
    assert report["warning_count"] == 2
    assert [note.split()[:2] for note in report["notes"]] == [["Only", "the"], ["Row", "2"]]


def test_a_row_with_a_problem_is_never_issued_for_the_default_page(miniprogram):
    form = {"appid": miniprogram.appid, "file": SimpleUploadedFile("t.xlsx", DOUBTFUL.getvalue())}
    api = make_api()
    refused = api.post(ADDRESS, form, format="multipart").json()
    assert list(refused["errors"]) == ["rows.3.page"]
    form["file"].seek(0)
    api.post(ADDRESS, form | {"skip_invalid": "true"}, format="multipart")
    assert [(item.row, item.scene) for item in CodeBatch.objects.get().items.order_by("row")] == [
        (4, "1914310000010100000"),
        (5, "c"),
    ]


@pytest.mark.both_databases
def test_nul_in_a_file_is_the_problem_of_its_row(miniprogram):
    upload = SimpleUploadedFile("t.csv", b"scene,label\na1,x\0y\na2,z\n")
    form = {"appid": miniprogram.appid, "file": upload, "skip_invalid": "true"}
    make_api().post(ADDRESS, form, format="multipart")
    assert [item.scene for item in CodeBatch.objects.get().items.all()] == ["a2"]


def test_a_pattern_becomes_a_batch(miniprogram):
    pattern = {"columns": {"scene": "t={n}"}, "variables": {"n": {"from": 1, "to": 20, "pad": 3}}}
    answer = post(make_api(), {"appid": miniprogram.appid, "pattern": pattern})
    assert answer.json()["progress"]["total"] == 20
    assert CodeBatch.objects.get().items.first().scene == "t=001"


def test_pasted_text_becomes_a_batch(miniprogram):
    answer = post(make_api(), {"appid": miniprogram.appid, "text": "a=1\tone\na=2\ttwo"})
    assert answer.json()["progress"]["total"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rows"),
        ({"rows": [{"scene": "a"}], "text": "b"}, "rows"),
        ({"rows": [{"scene": "a"}], "widht": 430}, "widht"),
        ({"rows": [{"scene": "a"}], "width": 7}, "width"),
        ({"pattern": {"columns": {"scene": "t={n}"}, "variables": {"n": {"from": 1}}}}, "pattern"),
        ({"pattern": {"columns": {"scene": "t={n}"}, "variables": {"n": {"from": 1, "to": 2, "step": 0}}}}, "pattern"),
    ],
)
def test_a_body_that_cannot_be_meant_is_explained(miniprogram, body, field):
    problem = post(make_api(), {"appid": miniprogram.appid, **body}).json()
    assert problem["status"] == 400
    assert any(name.split(".")[0] == field for name in problem["errors"])


@pytest.mark.parametrize("body", [b'{"rows": [', b"[1]"])
def test_json_that_is_no_object_is_malformed(miniprogram, body):
    answer = make_api().post(ADDRESS, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_a_field_of_a_form_that_is_not_json_is_named(miniprogram):
    problem = make_api().post(ADDRESS, {"appid": miniprogram.appid, "text": "a=1", "line_color": "red"}).json()
    assert (problem["status"], list(problem["errors"])) == (400, ["line_color"])


def test_a_form_without_a_file_is_ordered_once_for_one_key(miniprogram):
    api, order = make_api(), {"appid": miniprogram.appid, "text": "a=1"}
    first, again = (api.post(ADDRESS, order, headers={"Idempotency-Key": "one"}).json() for _ in range(2))
    assert first["id"] == again["id"] and CodeBatch.objects.count() == 1


def test_a_large_json_body_is_read_from_disk(miniprogram):
    rows = [{"scene": f"t={n}", "note": "x" * 1800} for n in range(1_500)]
    body = json.dumps({"appid": miniprogram.appid, "rows": rows})
    assert len(body) > 2_600_000
    answer = make_api().post(f"{ADDRESS}?dry_run=1", body, content_type="application/json")
    assert answer.json()["valid"] == 1_500


def test_batches_are_steered(miniprogram):
    api = make_api()
    number = post(api, {"appid": miniprogram.appid, "rows": scenes(3)}).json()["id"]

    def act(action, **body):
        return api.post(f"{ADDRESS}{number}/{action}", body, format="json")

    assert act("pause").json()["state"] == "paused"
    assert CodeBatch.objects.get().stopped_by == "client:shop"
    assert act("pause").json()["code"] == "batch_state"
    assert act("rename", name=" New  name ").json()["name"] == "New name"
    assert act("rename", name="").status_code == 400
    assert act("resume").json()["state"] == "running"
    assert act("retry").json()["progress"]["failed"] == 0
    assert act("cancel").json()["state"] == "cancelled"
    assert act("resume").status_code == 409


def test_a_key_sees_only_batches_of_its_mini_programs(sandbox, miniprogram):
    number = post(make_api(), {"appid": miniprogram.appid, "rows": scenes(1)}).json()["id"]
    stranger = make_api(name="other", appids=(make_miniprogram(sandbox).appid,))
    assert stranger.get(ADDRESS).json()["results"] == []
    for method, path in [
        ("get", ""),
        ("get", "items/"),
        ("get", "export.csv"),
        ("get", "export.zip"),
        ("post", "pause"),
    ]:
        assert getattr(stranger, method)(f"{ADDRESS}{number}/{path}").status_code == 404
    assert post(stranger, {"appid": miniprogram.appid, "rows": scenes(1)}).status_code == 403


def test_a_key_that_may_only_read_orders_nothing(miniprogram):
    reader = make_api(scopes=["codes:read"])
    assert post(reader, {"appid": miniprogram.appid, "rows": scenes(1)}).json()["code"] == "missing_scope"
    assert reader.get(ADDRESS).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_codes_and_rows_are_found_by_their_batch(sandbox, miniprogram, make_batch, work):
    batch = work(make_batch(*scenes(3), {"scene": "bad", "page": "pages/gone"}))
    assert batch.state == BatchState.DONE
    api = make_api()
    assert len(api.get(f"/api/v1/codes/?batch={batch.pk}").json()["results"]) == 3
    assert api.get(f"/api/v1/codes/?batch={batch.pk + 1}").json()["results"] == []
    assert api.get("/api/v1/codes/?batch=99999999999999999999").status_code == 400
    items = f"{ADDRESS}{batch.pk}/items/"
    failed = api.get(f"{items}?state=failed").json()["results"]
    assert [(row["row"], row["errcode"]) for row in failed] == [(4, 41030)]
    assert len(api.get(f"{items}?errcode=41030").json()["results"]) == 1
    assert [row["scene"] for row in api.get(f"{items}?search=table+2").json()["results"]] == ["t=2"]
    assert api.get(f"{ADDRESS}?state=done&search=tab").json()["results"][0]["id"] == batch.pk


@pytest.mark.parametrize("kind", ["limited", "qrcode"])
def test_kinds_with_a_path_take_a_default_one_with_its_query(miniprogram, kind):
    rows = [{"page": "pages/a/a?b=1"}, {"label": "without"}]
    body = {"appid": miniprogram.appid, "kind": kind, "page": "pages/index/index?c=2", "rows": rows}
    assert post(make_api(), body).status_code == 201
    assert [item.page for item in CodeBatch.objects.get().items.all()] == ["pages/a/a?b=1", "pages/index/index?c=2"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "limited", "check_path": False}, "check_path"),
        ({"kind": "qrcode", "is_hyaline": True}, "is_hyaline"),
        ({"kind": "qrcode", "page": "a" * 200}, "page"),
        ({"kind": "limited", "width": 7}, "width"),
    ],
)
def test_a_default_that_the_kind_does_not_know_is_explained(miniprogram, body, field):
    problem = post(make_api(), {"appid": miniprogram.appid, "rows": [{"page": "pages/a"}], **body}).json()
    assert (problem["status"], list(problem["errors"])) == (400, [field])


@pytest.mark.parametrize("width", ["²", "①", "4²0", "४३०", "4e2"])
def test_a_width_that_is_no_number_is_named(miniprogram, width):
    form = {"appid": miniprogram.appid, "width": width, "file": SimpleUploadedFile("a.csv", b"scene\na1\n")}
    answer = make_api().post(f"{ADDRESS}?dry_run=1", form, format="multipart")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["width"])
