"""Reading rows: every encoding and table that staff have, and a clear word about every file that is not one."""

import io
import zipfile

import openpyxl
import pytest

from apps.batches.errors import UnreadableInput
from apps.batches.reading import xlsx_guard
from apps.batches.reading.json_rows import json_source, read_head
from apps.batches.reading.pattern import NumberRange, pattern_source
from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.text import csv_source, pasted_source
from apps.errors import InvalidRequest

TABLE = "场景,名称,座位\ntable=1,一号桌,靠窗\ntable=2,二号桌,\n"


def rows(source):
    return [(row.number, dict(row.values)) for row in source.rows()]


def csv_rows(text, encoding="utf-8"):
    return rows(csv_source(io.BytesIO(text.encode(encoding))))


def workbook(*records, **options):
    book = openpyxl.Workbook()
    for record in records:
        book.active.append(record)
    file = io.BytesIO()
    book.save(file)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_file_is_read_in_every_encoding_of_staff(encoding):
    assert csv_rows(TABLE, encoding) == [
        (2, {"scene": "table=1", "label": "一号桌", "座位": "靠窗"}),
        (3, {"scene": "table=2", "label": "二号桌"}),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter):
    text = "scene,label\na=1,one\n".replace(",", delimiter)
    assert csv_rows(text) == [(2, {"scene": "a=1", "label": "one"})]


def test_a_source_may_be_read_twice():
    source = csv_source(io.BytesIO(TABLE.encode()))
    assert rows(source) == rows(source)


def test_blank_lines_keep_the_numbers_of_the_file():
    assert csv_rows("scene\n\n  \na\n") == [(4, {"scene": "a"})]


def test_a_quoted_cell_may_hold_line_breaks():
    assert csv_rows('scene,note\na,"two\nlines"\n')[0][1]["note"] == "two\nlines"


def test_our_own_columns_are_left_out_and_guards_removed():
    assert csv_rows("scene,wxcode_state,note\n'=1,failed,'+2\n") == [(2, {"scene": "=1", "note": "+2"})]


def test_our_own_word_wins_over_another_one_for_the_same():
    assert csv_rows("scene,name,label\na,Ann,Seat 1\n") == [(2, {"scene": "a", "name": "Ann", "label": "Seat 1"})]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\xff", "not UTF-8 or GB18030 text"),
        (b"scene\n\xff\xff\xff\n", "not UTF-8 or GB18030 text"),
        (b"name,place\na,b\n", "no column"),
        (b"scene,scene\na,b\n", "Two columns"),
        (b"scene," + b",".join(b"c%d" % n for n in range(80)) + b"\n", "81 columns"),
        (b'scene\n"' + b"a" * 140_000 + b"\n", "not valid CSV"),
        (b"scene," + b"n" * 70 + b"\na,b\n", "too long"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content, words):
    with pytest.raises(UnreadableInput) as refused:
        list(csv_source(io.BytesIO(content)).rows())
    assert words in str(refused.value)
    assert refused.value.advice


def test_pasted_lines_are_scenes_with_labels():
    assert rows(pasted_source("a=1\tone\n\na=2\ttwo\r\n")) == [
        (1, {"scene": "a=1", "label": "one"}),
        (3, {"scene": "a=2", "label": "two"}),
    ]
    assert rows(pasted_source("scene,page\na,pages/x\n")) == [(2, {"scene": "a", "page": "pages/x"})]
    assert rows(pasted_source("   \n")) == []


def test_a_spreadsheet_is_read_as_people_see_it():
    file = workbook(["scene", "label", "width", "note"], ["a=1", "一", 430, True], [None] * 4, [7.0, "x", None, None])
    assert rows(xlsx_source(file)) == [
        (2, {"scene": "a=1", "label": "一", "width": "430", "note": "TRUE"}),
        (4, {"scene": "7", "label": "x"}),
    ]


def test_a_spreadsheet_without_scenes_is_refused():
    with pytest.raises(UnreadableInput, match="no column"):
        rows(xlsx_source(workbook(["a", "b"], [1, 2])))


def with_member(file, name, content, *, only=False):
    """The workbook again with one part replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            if member != name and not only:
                new.writestr(member, old.read(member))
        new.writestr(name, content)
    return made


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("xl/worksheets/sheet1.xml", SHEET % (b"<row>" + b"<c/>" * 1_000_000 + b"</row>"), "columns"),
        ("xl/worksheets/sheet1.xml", SHEET % b'<row r="1"><c r="XFE1"/></row>', "columns"),
        ("xl/worksheets/sheet1.xml", BOMB + SHEET % b"", "when unpacked"),
        ("xl/worksheets/sheet1.xml", b"<a>" * 100 + b"</a>" * 100, "when unpacked"),
        ("xl/worksheets/sheet1.xml", b"<worksheet", "damaged"),
        ("xl/styles.xml", b"<a>" + b" " * 4_000_000 + b"</a>", "when unpacked"),
    ],
)
def test_a_hostile_spreadsheet_is_refused_before_it_is_opened(name, content, words):
    file = with_member(workbook(["scene"], ["a"]), name, content)
    with pytest.raises(UnreadableInput, match=words):
        xlsx_source(file)


def test_the_texts_of_a_spreadsheet_have_a_limit_of_their_own(monkeypatch):
    file = with_member(workbook(["scene"], ["a"]), "xl/sharedStrings.xml", b"<a>" + b" " * 1_000_000 + b"</a>")
    assert rows(xlsx_source(file))
    monkeypatch.setattr(xlsx_guard, "STRINGS_MAX_BYTES", 1_000_000)
    with pytest.raises(UnreadableInput, match="when unpacked"):
        xlsx_source(file)


def test_a_workbook_of_very_many_parts_is_refused():
    file = workbook(["scene"], ["a"])
    with zipfile.ZipFile(file, "a") as archive:
        for number in range(500):
            archive.writestr(f"xl/part{number}.bin", b"")
    with pytest.raises(UnreadableInput, match="when unpacked"):
        xlsx_source(file)


def test_a_part_that_is_larger_than_it_says_is_refused():
    name = "xl/worksheets/sheet1.xml"
    made = with_member(workbook(["scene"], ["a"]), name, SHEET % (b"<row><c/></row>" * 100_000)).getvalue()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        true_size = archive.getinfo(name).file_size
    # in the local header and in the directory
    lying = made.replace(true_size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != made
    with pytest.raises(UnreadableInput, match="damaged"):
        xlsx_source(io.BytesIO(lying))


def test_a_zip_that_is_no_workbook_is_refused():
    with pytest.raises(UnreadableInput):
        rows(xlsx_source(with_member(workbook(["scene"]), "hello.txt", b"hello", only=True)))
    with pytest.raises(UnreadableInput):
        xlsx_source(io.BytesIO(b"PK\x03\x04 and nothing else"))


def test_rows_in_json_are_numbered_from_one_and_the_rest_is_the_head():
    body = io.BytesIO(b'{"name": "x", "rows": [{"scene": "a", "seat": 7}, 5], "defaults": {"width": 430}}')
    assert read_head(body) == ({"name": "x", "defaults": {"width": 430}}, True)
    assert rows(json_source(body)) == [(1, {"scene": "a", "seat": 7}), (2, {})]


def test_json_that_breaks_off_is_malformed():
    from apps.api.errors import MalformedJson

    with pytest.raises(MalformedJson):
        read_head(io.BytesIO(b'{"rows": [{"scene": "a"}, '))


def test_a_pattern_turns_its_last_variable_fastest():
    source = pattern_source(
        {"scene": "r={room}&t={n}", "label": "Table {n}"}, {"room": ["a", "b"], "n": NumberRange(9, 10, pad=3)}
    )
    assert [row.values["scene"] for row in source.rows()] == ["r=a&t=009", "r=a&t=010", "r=b&t=009", "r=b&t=010"]
    assert next(iter(source.rows())).values["label"] == "Table 009"


@pytest.mark.parametrize(
    ("scene", "variables", "words"),
    [
        ("t={m}", {"n": NumberRange(1, 2)}, "{m} has no values"),
        ("t", {"n": NumberRange(1, 2)}, "{n} is not used"),
        ("t={n}", {"n": NumberRange(1, 200_000)}, "200000 rows"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(scene, variables, words):
    with pytest.raises(InvalidRequest) as refused:
        pattern_source({"scene": scene}, variables)
    assert any(words in text for text in refused.value.errors["pattern"])
