"""Exports: names that are safe and unique, tables that come back, no formula, a zip that streams, sheets to print."""

import csv
import io
import subprocess
import zipfile
from shutil import which

import openpyxl
import pytest
from django.utils.translation import gettext_noop, override
from PIL import Image
from reportlab.lib.units import mm

from apps.batches.exports.archive import export_zip
from apps.batches.models import BatchItem, BatchState
from apps.batches.ordering import BatchOrder, dry_run
from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.text import csv_source
from apps.errors import InvalidRequest
from apps.exports.fonts import Fonts, load_fonts
from apps.exports.layout import roll_layout, sheet_layout
from apps.exports.missing import Missing, find_missing, with_boxes
from apps.exports.names import UniqueNames, safe_stem
from apps.exports.sheets import SheetEntry, draw_sheets
from apps.retold import retold
from apps.tables.cells import harmless, unguarded
from tests.parts import ISSUER, make_api


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Table 7", "Table 7"),
        ("一号桌", "一号桌"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d*e?f", "a_b_c_d_e_f"),
        ("line\nbreak\x00\x1b", "line_break__"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("  . ", "row-1"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("x" * 500, "x" * 80),
    ],
)
def test_file_names_are_safe_on_every_system(text, name):
    assert safe_stem(text, otherwise="row-1") == name


def test_a_name_of_four_byte_characters_stays_short_enough():
    assert len(safe_stem("\U00020000" * 100, otherwise="x").encode()) <= 200


def test_names_are_unique_also_without_regard_to_case():
    names = UniqueNames()
    assert [names.take(stem, "jpg") for stem in ("a", "A", "a", "b")] == ["a.jpg", "A-2.jpg", "a-3.jpg", "b.jpg"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "'=1", "'", "''", "plain", ""])
def test_a_guarded_cell_is_no_formula_and_comes_back(cell):
    guarded = harmless(cell)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded) == cell


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


def download(batch, name):
    answer = make_api().get(f"/api/v1/batches/{batch.pk}/export.{name}")
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
@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_what_was_wrong_goes_out_in_the_readers_language(done, name):
    wrong = gettext_noop("The environment variable %(name)s is not set.") % {"name": "TEA"}
    cure = gettext_noop("Set it for every web and worker process and restart them.")
    done.items.filter(row=4).update(detail=wrong, advice=cure)
    address = f"/api/v1/batches/{done.pk}/export.{name}?state=failed"
    body = content(make_api().get(address, headers={"Accept-Language": "zh-hans"}))
    lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig")))) if name == "csv" else rows_of(body)
    with override("zh-hans"):
        assert lines[1][-2:] == [retold(wrong), retold(cure)] != [wrong, cure]


def rows_of(body):
    sheet = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


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
@pytest.mark.parametrize("query", ["", "?columns=5&size=30&caption=label,seat,scene", "?label=50x60", "?caption=none"])
def test_the_pdf_is_one(done, query):
    answer = download(done, f"pdf{query}")
    body = content(answer)
    assert body.startswith(b"%PDF-") and body.rstrip().endswith(b"%%EOF")
    assert body.count(b"/Type /Page\n") == (3 if "label=50" in query else 1)
    assert body.count(b"/DCTDecode") == 3
    assert answer["X-Parts"] == "1"
    if load_fonts().is_embedded:
        assert b"/FontFile2" in body or "none" in query


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "query", ["columns=0", "columns=x", "size=90", "size=-1", "label=5x5", "label=a", "caption=nothing", "part=2"]
)
def test_a_sheet_that_cannot_be_is_explained(done, query):
    answer = make_api().get(f"/api/v1/batches/{done.pk}/export.pdf?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [query.split("=")[0]])


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["zip", "pdf"])
def test_without_codes_there_is_nothing_to_download(make_batch, name):
    batch = make_batch(2)
    assert make_api().get(f"/api/v1/batches/{batch.pk}/export.{name}").status_code == 404


def test_cells_of_a_sheet_lie_beside_each_other_on_the_paper():
    layout = sheet_layout(columns=4, size=None, captions=2, has_cut_marks=True)
    corners = [layout.corner(place) for place in range(layout.per_page)]
    assert len(set(corners)) == layout.per_page >= 16
    assert all(0 <= x <= 210 - layout.cell[0] and 0 <= y <= 297 - layout.cell[1] for x, y in corners)


def test_a_label_keeps_its_size_in_millimetres():
    layout = roll_layout(width=50, height=60, captions=1)
    assert (layout.page, layout.size, layout.per_page) == ((50, 60), 46, 1)
    with pytest.raises(InvalidRequest):
        roll_layout(width=10, height=10, captions=1)


def test_long_captions_end_in_an_ellipsis():
    fonts = load_fonts()
    fitted = fonts.fitted("一二三四五六七八九十 and more", size=8, width=20 * mm)
    assert fitted.endswith("…")
    assert fonts.width(fitted, 8) <= 20 * mm
    assert [font for font, _piece in fonts.runs("a桌b")] == ["wxcode-latin", fonts.chinese, "wxcode-latin"]


CID = Fonts("STSong-Light", is_embedded=False, latin_characters=frozenset(map(ord, "abc ")))


@pytest.mark.parametrize("fonts", [load_fonts(), CID], ids=["of this machine", "of the reader"])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("桌 7 abc", "桌 7 abc"),
        ("桌 \U0001f600", "桌 □"),
        ("\u0645\u0631", "□□"),
        ("\U0001f468\u200d\U0001f469\ufe0f", "□□"),
        ("a\u200fb", "ab"),
        ("u\u0308", "ü"),
    ],
)
def test_what_no_font_has_is_a_box_and_never_nothing(fonts, text, shown):
    assert with_boxes(text, fonts) == shown


def test_codes_with_such_characters_are_counted_and_the_first_ones_named():
    rows = [["桌 1", ""], ["\U0001f600\U0001f600", "x"], ["a", "\u0645", 7], ["e\u0301\u200d"]]
    assert find_missing(rows) == Missing(2, ["\U0001f600", "\u0645"])
    assert find_missing(rows[:1]) is None
    assert find_missing([["".join(map(chr, range(0x1F600, 0x1F620)))]]).characters == list(
        map(chr, range(0x1F600, 0x1F608))
    )


@pytest.mark.skipif(which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_box_is_on_the_paper(tmp_path):
    layout = sheet_layout(columns=3, size=None, captions=1, has_cut_marks=False)
    with draw_sheets("Title \U0001f600", [SheetEntry(None, ["Hall \U0001f600 桌"])], count=1, layout=layout) as file:
        (tmp_path / "sheet.pdf").write_bytes(file.read())
    text = subprocess.run(["pdftotext", tmp_path / "sheet.pdf", "-"], check=True, capture_output=True, text=True).stdout
    assert "Title □" in text and "Hall □ 桌" in text
