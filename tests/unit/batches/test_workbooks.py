"""Workbooks that Excel and WPS open are read: odd packages, stray cells, and the sheet that people mean."""

import io

import pytest

from apps.batches.errors import UnreadableInput
from apps.batches.reading.spreadsheet import xlsx_source
from tests.unit.batches.packages import BASE, BASE_ROWS, MAIN, package, table, text

BAD_DATE = '<coreProperties xmlns:t="t"><t:created>yesterday</t:created></coreProperties>'
OTHER = table(["scene"], ["wrong"])


def rows(source):
    return [(row.number, dict(row.values)) for row in source.rows()]


def prefixed(file):
    return io.BytesIO(b"\r\n" + file.getvalue())


def with_stray(place):
    head, row = ["scene", "label"], int("".join(filter(str.isdigit, place)))
    cells = [text("A2", "s0") + text("B2", "l0"), ["s1", "l1"], ["s2", "l2"]]
    found = [head, *cells, "", ""]
    if row > 1:
        before = found[row - 1]
        before = (
            before
            if isinstance(before, str)
            else "".join(text(f"{'AB'[n]}{row}", each) for n, each in enumerate(before))
        )
        found[row - 1] = before + text(place, "x")
    return package(table(*found))


@pytest.mark.parametrize(
    "file",
    [
        # the styles of every package here have an empty fill
        package(BASE),
        package(BASE, is_strict=True),
        package(BASE, **{"docProps/core.xml": BAD_DATE}),
        prefixed(package(BASE)),
        package(BASE.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")),
        package(BASE.replace(' r="', ' q="')),
        with_stray("XFD2"),
        with_stray("C4"),
        with_stray("XFD6"),
        package(BASE.replace("</row>", '<c r="XFD1" s="0"/></row>', 1)),
    ],
)
def test_a_workbook_that_excel_opens_is_read(file):
    assert rows(xlsx_source(file)) == BASE_ROWS


def test_stray_cells_to_the_right_are_told():
    source = xlsx_source(with_stray("XFD2"))
    assert rows(source) == BASE_ROWS
    assert list(source.facts.notes) == ["Cells to the right of the last column with a title were not read."]


@pytest.mark.parametrize(
    ("sheets", "options", "name", "note"),
    [
        ([OTHER, BASE], {"states": ["hidden", "visible"]}, "Sheet2", ""),
        ([OTHER, BASE], {"states": ["veryHidden", "visible"]}, "Sheet2", ""),
        ([table(), BASE], {}, "Sheet2", ""),
        ([table(["x"]), BASE], {}, "Sheet2", ""),
        ([table(["填写说明"], ["scene"], ["1 to 32"]), BASE], {}, "Sheet2", "Sheet1"),
        ([OTHER, BASE], {"active": 1}, "Sheet2", "Sheet1"),
        ([BASE, OTHER], {}, "Sheet1", "Sheet2"),
        ([BASE, table(["scene", "scene"])], {}, "Sheet1", ""),
    ],
)
def test_the_sheet_that_people_see_is_read_and_named(sheets, options, name, note):
    source = xlsx_source(package(*sheets, **options))
    assert rows(source) == BASE_ROWS
    assert source.facts.sheet == name
    notes = [f"Only the sheet “{name}” was read. Not read, although they have a table: {note}."] if note else []
    assert list(source.facts.notes) == notes


def test_a_table_that_is_hidden_is_named():
    with pytest.raises(UnreadableInput, match="hidden sheet: Sheet1") as refused:
        rows(xlsx_source(package(BASE, table(["x"]), states=["hidden", "visible"])))
    assert "show the sheet" in str(refused.value.advice)


@pytest.mark.parametrize(
    "file",
    [
        package(BASE, **{"xl/workbook.xml": "<workbook"}),
        package(BASE, **{"xl/styles.xml": '<?xml version="1.0" encoding="x"?><styleSheet/>'}),
        package(BASE, **{"xl/_rels/workbook.xml.rels": f'<a xmlns="{MAIN}"/>'}),
        package(table('<c t="s"><v>7</v></c>')),
        package(table('<c t="s"><v>x</v></c>')),
    ],
)
def test_a_damaged_workbook_is_refused_without_a_word_of_python(file):
    with pytest.raises(UnreadableInput) as refused:
        rows(xlsx_source(file))
    assert "Error" not in f"{refused.value} {refused.value.advice}"
    assert refused.value.advice
