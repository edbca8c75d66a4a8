"""What a workbook may cost is measured for every part that is read, whatever the part is called."""

import pytest

from apps.batches.errors import UnreadableInput
from apps.batches.reading import spreadsheet, tables
from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.xlsx_guard import OTHER_MAX_BYTES, SHEET_MAX_BYTES, STRINGS_MAX_BYTES
from tests.unit.batches.packages import BASE, MAIN, RELATIONS, number, package, table, text

RELATIONSHIPS = "xl/_rels/workbook.xml.rels"


def related(*found):
    items = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/{kind}" Target="{place}"/>' for n, (kind, place) in enumerate(found)
    )
    return f"<Relationships>{items}</Relationships>"


def values(file):
    return [dict(row.values) for row in xlsx_source(file).rows()]


def test_the_reader_opens_no_part_that_the_guard_did_not_measure():
    hostile = f'<!DOCTYPE worksheet [<!ENTITY a "b">]>{BASE}'
    file = package(BASE, **{RELATIONSHIPS: related(("worksheet", "sheet1.dat")), "xl/sheet1.dat": hostile})
    with pytest.raises(UnreadableInput):
        values(file)


@pytest.mark.parametrize(("kind", "limit"), [("styles", OTHER_MAX_BYTES), ("sharedStrings", STRINGS_MAX_BYTES)])
def test_a_part_that_is_kept_in_memory_is_not_as_large_as_a_sheet(monkeypatch, kind, limit):
    opened = []
    monkeypatch.setattr(spreadsheet.Workbook, "_read", lambda book, part, read=spreadsheet.Workbook._read: (
        opened.append(part), read(book, part))[1])  # fmt: skip
    large = f'<sst xmlns="{MAIN}">{" " * limit}</sst>'
    assert len(large) < SHEET_MAX_BYTES
    parts = {
        RELATIONSHIPS: related(("worksheet", "worksheets/sheet1.xml"), (kind, "worksheets/x.xml")),
        "xl/worksheets/x.xml": large,
    }
    with pytest.raises(UnreadableInput, match="too large when unpacked"):
        values(package(BASE, **parts))
    assert opened, "the rest of the package was read"


@pytest.mark.parametrize(("written", "scene"), [("1e-999999", "0"), ("-1e-400", "0"), ("1.5e-3", "0.0015")])
def test_no_number_is_longer_than_one_that_a_spreadsheet_holds(written, scene):
    assert values(package(table(["scene"], number("A2", written)))) == [{"scene": scene}]


@pytest.mark.parametrize("written", ["1e999999", "1e309", "9" * 400])
def test_a_number_that_no_spreadsheet_holds_is_a_problem(written):
    (row,) = xlsx_source(package(table(["scene"], number("A2", written)))).rows()
    assert "More than 15 digits" in str(row.problems[0].message)
    assert len(row.problems[0].value) <= 400


def test_the_search_for_a_header_looks_at_a_part_of_a_wide_row(monkeypatch):
    seen = []
    monkeypatch.setattr(tables, "is_header", lambda titles: seen.extend(titles))
    shared = f'<sst xmlns="{MAIN}"><si><t>{"x" * 32_767}</t></si></sst>'
    wide = "".join('<c t="s"><v>0</v></c>' for _column in range(16_000))
    with pytest.raises(UnreadableInput, match="There is no column"):
        values(package(table(wide), texts=shared))
    assert 0 < sum(map(len, seen)) <= tables.TITLES_LOOKED_AT * tables.TITLE_LOOKED_AT


def test_a_header_with_too_many_columns_is_still_told():
    titles = ["scene", *(f"c{n}" for n in range(300))]
    cells = "".join(text(place(column), title) for column, title in enumerate(titles))
    with pytest.raises(UnreadableInput, match="columns or more"):
        values(package(table(cells, ["a"])))


def place(column):
    first, second = divmod(column, 26)
    return f"{chr(64 + first) if first else ''}{chr(65 + second)}1"
