"""Exports of a batch: tables that come back, no formula, a zip that streams, sheets to print."""

import csv
import io
import subprocess
import zipfile
from shutil import which

import openpyxl
import pytest
from django.utils.translation import gettext_noop, override
from PIL import Image

from apps.batches.exports.archive import export_zip
from apps.batches.models import BatchItem, BatchState
from apps.batches.ordering import BatchOrder, dry_run
from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.text import csv_source
from apps.exports.fonts import load_fonts
from apps.exports.layout import sheet_layout
from apps.exports.sheets import SheetEntry, draw_sheets
from apps.retold import retold
from apps.wechat.errcodes import find_errcode
from tests.parts import ISSUER, make_api

ROWS = [
    {"scene": "=t1", "label": "=HYPERLINK(1)", "tags": "a;b", "seat": "@A1"},
    {"scene": "t=2", "label": "桌/2", "external_id": "x2", "seat": "靠窗"},
    {"scene": "t=3", "label": "桌/2"},
    {"scene": "t=4", "page": "pages/gone"},
]


@pytest.fixture
def done(sandbox, make_batch, work):
    batch = work(make_batch(*ROWS))
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 3, 1)
    return batch


def download(batch, name, *, api=None):
    answer = (api or make_api()).get(f"/api/v1/batches/{batch.pk}/export.{name}")
    assert answer.status_code == 200
    return answer


def content(answer):
    return b"".join(answer.streaming_content)


@pytest.mark.django_db(transaction=True)
def test_the_csv_file_goes_back_into_the_importer(done):
    answer = download(done, "csv")
    body = content(answer)
    assert body.startswith(b"\xef\xbb\xbf")
    assert answer["Content-Disposition"] == 'attachment; filename="Tables.csv"'
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert (rows[0]["scene"], rows[0]["label"], rows[0]["seat"]) == ("'=t1", "'=HYPERLINK(1)", "'@A1")
    assert (rows[3]["wxcode_state"], rows[3]["wxcode_errcode"]) == ("failed", "41030")
    assert rows[3]["wxcode_cure"]
    order = BatchOrder(done.miniprogram, "again", csv_source(io.BytesIO(body)), ISSUER)
    report = dry_run(order)
    assert (report.valid, report.existing, report.columns) == (4, 3, ["seat"])


@pytest.mark.django_db(transaction=True)
def test_what_was_wrong_goes_out_in_the_readers_language(done):
    wrong = gettext_noop("The environment variable %(name)s is not set.") % {"name": "TEA"}
    cure = gettext_noop("Set it for every web and worker process and restart them.")
    done.items.filter(row=4).update(errcode=None, detail=wrong, advice=cure)
    done.items.filter(row=3).update(state="failed", errcode=41030, detail="A wording of 2026.", advice="Mend it.")
    api = make_api()
    for name, lines_of in (("csv", records_of), ("xlsx", rows_of)):
        address = f"/api/v1/batches/{done.pk}/export.{name}?state=failed"
        lines = lines_of(content(api.get(address, headers={"Accept-Language": "zh-hans"})))
        with override("zh-hans"):
            assert lines[2][-2:] == [retold(wrong), retold(cure)] != [wrong, cure]
        assert lines[1][-2:] == [find_errcode(41030).meaning_zh, find_errcode(41030).cure_zh]


def records_of(body):
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def rows_of(body):
    sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_failed_rows_are_exported_alone(done):
    rows = list(csv.DictReader(io.StringIO(content(download(done, "csv?state=failed")).decode("utf-8-sig"))))
    assert [row["scene"] for row in rows] == ["t=4"]


@pytest.mark.django_db(transaction=True)
def test_the_workbook_holds_text_and_no_formula(done):
    body = io.BytesIO(content(download(done, "xlsx")))
    sheet = openpyxl.load_workbook(body).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=t1", "s")
    assert dry_run(BatchOrder(done.miniprogram, "again", xlsx_source(body), ISSUER)).existing == 3


STARTS = (
    "=1",
    "'=1",
    "''=1",
    "-1",
    "'-1",
    "+86",
    "@a",
    "'@a",
    "'a",
    "''a",
    "_x0041_",
    "#N/A",
    "1.5E+10",
    "1" + "0" * 19,
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_go_out_and_come_in_unchanged(sandbox, make_batch, kind):
    # Excel would have changed the last two in a CSV file, so they are told there
    scenes = STARTS if kind == "xlsx" else STARTS[:-3]
    given = [{"scene": scene, "label": scene, "=note": f"{scene}\r\nb", "备注": scene} for scene in scenes]
    batch = make_batch(*given)
    body = io.BytesIO(content(download(batch, kind)))
    source = (xlsx_source if kind == "xlsx" else csv_source)(body)
    found = [
        {name: value.replace("\r\n", "\n") for name, value in row.values.items() if name in given[0]}
        for row in source.rows()
    ]
    assert found == [{name: value.replace("\r\n", "\n") for name, value in row.items()} for row in given]
    assert not any(row.problems or row.warnings for row in source.rows())


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_the_zip_has_every_picture_once_and_a_manifest(done):
    archive = zipfile.ZipFile(io.BytesIO(content(download(done, "zip"))))
    assert archive.testzip() is None
    assert archive.namelist() == ["=HYPERLINK(1).jpg", "桌_2.jpg", "桌_2-2.jpg", "manifest.csv"]
    assert Image.open(io.BytesIO(archive.read("桌_2.jpg"))).size == (430, 430)
    manifest = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
    assert [row["wxcode_file"] for row in manifest] == ["'=HYPERLINK(1).jpg", "桌_2.jpg", "桌_2-2.jpg"]


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_is_gone_does_not_spoil_the_zip(done, settings):
    from pathlib import Path

    Path(settings.MEDIA_ROOT, done.items.first().code.image).unlink()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export_zip(done, BatchItem.objects.filter(code__isnull=False)))))
    assert len(archive.namelist()) == 3


@pytest.mark.django_db(transaction=True)
def test_the_pdf_is_one(done):
    pages = {"": 1, "?columns=5&size=30&caption=label,seat,scene": 1, "?label=50x60": 3, "?caption=none": 1}
    api = make_api()
    for query, count in pages.items():
        answer = download(done, f"pdf{query}", api=api)
        body = content(answer)
        assert body.startswith(b"%PDF-") and body.rstrip().endswith(b"%%EOF"), query
        assert body.count(b"/Type /Page\n") == count, query
        assert body.count(b"/DCTDecode") == 3, query
        assert answer["X-Parts"] == "1", query
        if load_fonts().is_embedded:
            assert b"/FontFile2" in body or "none" in query


@pytest.mark.django_db(transaction=True)
def test_a_sheet_that_cannot_be_is_explained(done):
    api, wrong = make_api(), []
    for query in ("columns=0", "columns=x", "size=90", "size=-1", "label=5x5", "label=a", "caption=nothing", "part=2"):
        answer = api.get(f"/api/v1/batches/{done.pk}/export.pdf?{query}")
        if (answer.status_code, list(answer.json()["errors"])) != (400, [query.split("=")[0]]):
            wrong.append((query, answer.status_code, answer.json()))
    assert not wrong


@pytest.mark.django_db
def test_without_codes_there_is_nothing_to_download(make_batch):
    batch, api = make_batch(2), make_api()
    for name in ("zip", "pdf"):
        assert api.get(f"/api/v1/batches/{batch.pk}/export.{name}").status_code == 404


@pytest.mark.skipif(which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_box_is_on_the_paper(tmp_path):
    layout = sheet_layout(columns=3, size=None, captions=1, has_cut_marks=False)
    with draw_sheets("Title \U0001f600", [SheetEntry(None, ["Hall \U0001f600 桌"])], count=1, layout=layout) as file:
        (tmp_path / "sheet.pdf").write_bytes(file.read())
    text = subprocess.run(["pdftotext", tmp_path / "sheet.pdf", "-"], check=True, capture_output=True, text=True).stdout
    assert "Title □" in text and "Hall □ 桌" in text
