"""What is shown in a cell is what is issued, or its row says what to change."""

import io

import pytest

from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.text import csv_source
from tests.unit.batches.packages import MAIN, number, package, table, text

MONTH, YUAN = '[$-804]yyyy"年"m"月"', "[$¥-804]#,##0.00;[Red]-#,##0.00"
FORMATS = (
    *("000", '"T-"000', "#,##0", "0.00", "0%", "yyyy-mm-dd", "[hh]:mm:ss", "# ?/?", "0.00E+00", "000-0000"),
    *(MONTH, YUAN, 'General"号"', "[DBNum1]0", "_-* 0_-", ";;;", "#"),
)
STYLE = {code: style for style, code in enumerate(FORMATS, start=1)}
DIGITS, DATE, TRUTH = "More than 15 digits", "date or a time", "TRUE or FALSE"
ERROR, FORMULA, OTHER = "contains an error", "not been calculated", "shows something else"


def only_row(source):
    (row,) = source.rows()
    return row


def cell_in(column, cell, **options):
    """The one row of a table with this cell, and a note beside it."""
    return only_row(xlsx_source(package(table([column, "n"], cell + text("B2", "x")), formats=FORMATS, **options)))


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        ("12", "", "12"),
        ("468768768833943", "", "468768768833943"),
        ("0.1", "", "0.1"),
        ("0.30000000000000004", "", "0.3"),
        ("1.5E3", "", "1500"),
        ("7", "000", "007"),
        ("7", '"T-"000', "T-007"),
        ("12", "0.00", "12.00"),
        ("7", 'General"号"', "7号"),
        ("-7", "_-* 0_-", "-7"),
        ("7", "@", "7"),
    ],
)
@pytest.mark.parametrize("column", ["scene", "label"])
def test_a_number_is_issued_as_it_is_shown(column, value, code, shown):
    row = cell_in(column, number("A2", value, STYLE.get(code, 0))) if column == "scene" else labelled(value, code)
    assert (row.values[column], row.problems, row.warnings) == (shown, (), ())


def labelled(value, code):
    cells = text("A2", "s") + number("B2", value, STYLE.get(code, 0))
    return only_row(xlsx_source(package(table(["scene", "label"], cells), formats=FORMATS)))


@pytest.mark.parametrize(
    ("cell", "shown", "words"),
    [
        (number("A2", "1.9143100000101e+18"), "1914310000010100000", DIGITS),
        (number("A2", "1e+21"), "1000000000000000000000", DIGITS),
        (number("A2", "1234567890123456", STYLE["000"]), "1234567890123460", DIGITS),
        (number("A2", "46174", STYLE["yyyy-mm-dd"]), "2026-06-01", DATE),
        (number("A2", "46174", STYLE[MONTH]), "2026-06-01", DATE),
        (number("A2", "0.5", STYLE["[hh]:mm:ss"]), "12:00:00", DATE),
        ('<c r="A2" t="d"><v>2026-06-01</v></c>', "2026-06-01", DATE),
        ('<c r="A2" t="b"><v>1</v></c>', "TRUE", TRUTH),
        ('<c r="A2" t="e"><v>#N/A</v></c>', "#N/A", ERROR),
        (text("A2", "#REF!"), "#REF!", ERROR),
        (text("A2", "1.91431E+18"), "1.91431E+18", "shortened"),
        (number("A2", "0.5", STYLE["0%"]), "50%", OTHER),
        (number("A2", "0.5", STYLE["# ?/?"]), "0.5", OTHER),
        (number("A2", "12", STYLE["0.00E+00"]), "12", OTHER),
        (number("A2", "1234567", STYLE["000-0000"]), "1234567", OTHER),
        (number("A2", "7", STYLE["[DBNum1]0"]), "7", OTHER),
        (number("A2", "7", STYLE[";;;"]), "7", OTHER),
        (number("A2", "0", STYLE["#"]), "0", OTHER),
        ('<c r="A2"><f>B2&amp;"x"</f><v/></c>', '=B2&"x"', FORMULA),
        ('<c r="A2"><f>B2</f></c>', "=B2", FORMULA),
        ('<c r="A2" t="str"><f>B2</f></c>', "=B2", FORMULA),
    ],
)
@pytest.mark.parametrize("column", ["scene", "page", "external_id"])
def test_what_is_not_text_is_a_problem_that_names_cell_cause_and_cure(column, cell, shown, words):
    names = [column, "n"] if column != "external_id" else [column, "scene"]
    row = only_row(xlsx_source(package(table(names, cell + text("B2", "x")), formats=FORMATS)))
    (problem,) = row.problems
    assert (row.number, problem.column, problem.value) == (2, column, shown)
    assert words in problem.message
    assert column not in row.values


@pytest.mark.parametrize(
    ("cell", "kept", "words"),
    [
        (number("B2", "46174", STYLE["yyyy-mm-dd"]), "2026-06-01", DATE),
        (number("B2", "1.9143100000101e+18"), "1914310000010100000", DIGITS),
        ('<c r="B2" t="b"><v>0</v></c>', "FALSE", None),
        (number("B2", "0.125", STYLE["0%"]), "13%", None),
        (number("B2", "1234.5", STYLE[YUAN]), "¥1,234.50", None),
        (number("B2", "0.5", STYLE["# ?/?"]), "0.5", OTHER),
    ],
)
@pytest.mark.parametrize("column", ["label", "备注"])
def test_a_caption_is_what_is_shown_with_a_warning_where_that_is_not_certain(column, cell, kept, words):
    row = only_row(xlsx_source(package(table(["scene", column], text("A2", "s") + cell), formats=FORMATS)))
    assert (row.values, row.problems) == ({"scene": "s", column: kept}, ())
    assert [words in warning.message for warning in row.warnings] == ([True] if words else [])


@pytest.mark.parametrize("column", ["label", "备注", "tags"])
def test_an_error_or_a_formula_without_a_result_is_a_problem_in_every_column(column):
    for cell in ('<c r="B2" t="e"><v>#DIV/0!</v></c>', '<c r="B2"><f>A2</f></c>'):
        row = only_row(xlsx_source(package(table(["scene", column], text("A2", "s") + cell))))
        assert [problem.column for problem in row.problems] == [column]


def test_separators_and_rounding_are_told():
    row = cell_in("scene", number("A2", "1234", STYLE["#,##0"]))
    assert (row.values["scene"], row.warnings[0].message) == (
        "1234",
        "The cell contains 1234 and shows 1,234: 1234 is used.",
    )
    row = cell_in("scene", number("A2", "12.345", STYLE["0.00"]))
    assert (row.values["scene"], row.warnings[0].value) == ("12.35", "12.35")


def test_a_width_is_the_number_whatever_its_format():
    cells = text("A2", "s") + number("B2", "1280", STYLE["#,##0"])
    row = only_row(xlsx_source(package(table(["scene", "width"], cells), formats=FORMATS)))
    assert (row.values["width"], row.warnings) == ("1280", ())


def test_a_row_of_formulas_without_results_does_not_vanish():
    rows = list(xlsx_source(package(table(["scene"], ["a"], '<c r="A3"><f>B2</f><v/></c>', ["b"]))).rows())
    assert [(row.number, len(row.problems)) for row in rows] == [(2, 0), (3, 1), (4, 0)]


def test_the_results_of_formulas_are_read():
    cells = (
        '<c r="A2" t="str"><f>1</f><v>a</v></c><c r="B2"><f>1+1</f><v>2</v></c><c r="C2" t="str"><f>A1</f><v></v></c>'
    )
    row = only_row(xlsx_source(package(table(["scene", "label", "n"], cells))))
    assert (row.values, row.problems) == ({"scene": "a", "label": "2"}, ())


def test_a_zero_that_a_program_wrote_for_a_result_is_none():
    cells = text("A2", "s") + '<c r="B2"><f>1+1</f><v>0</v></c>'
    sheet = table(["scene", "label"], cells)
    assert only_row(xlsx_source(package(sheet))).values["label"] == "0"
    assert FORMULA in only_row(xlsx_source(package(sheet, recalculate=True))).problems[0].message


def test_escaped_characters_are_read():
    row = only_row(xlsx_source(package(table(["scene", "label", "n"], ["a_x0041_b", "l_x000D_0", "_x005F_x0041_"]))))
    assert row.values == {"scene": "aAb", "label": "l 0", "n": "_x0041_"}


def test_shared_texts_are_read_without_their_readings():
    rich = '<si><r><t>一</t></r><r><t>号</t></r><rPh sb="0" eb="1"><t>yi</t></rPh></si>'
    texts = f'<sst xmlns="{MAIN}"><si><t>scene</t></si>{rich}</sst>'
    sheet = table('<c t="s"><v>0</v></c><c t="s"><v>1</v></c>', "<c><v>5</v></c><c t='s'><v>1</v></c>")
    assert only_row(xlsx_source(package(sheet, texts=texts))).values == {"scene": "5", "一号": "一号"}


def test_cells_of_a_csv_file_stay_as_they_are_or_are_told():
    cells = [
        "007",
        "12.0",
        "2026/6/1",
        "TRUE",
        "1.91431E+18",
        "1.23E+11",
        "1914310000010100000",
        "#N/A",
        "#REF!",
        "1E5",
    ]
    rows = list(csv_source(io.BytesIO("\n".join(["scene", *cells]).encode())).rows())
    told = [("problem" if row.problems else "warning" if row.warnings else row.values["scene"]) for row in rows]
    assert told == [*cells[:4], "problem", "problem", "warning", "problem", "problem", "1E5"]
    assert rows[6].values == {"scene": "1914310000010100000"}


def test_nul_spoils_its_row_and_no_other():
    rows = list(csv_source(io.BytesIO(b"scene,label\na1,x\0y\na2,z\n")).rows())
    assert [row.values for row in rows] == [{"scene": "a1", "label": "x\0y"}, {"scene": "a2", "label": "z"}]
