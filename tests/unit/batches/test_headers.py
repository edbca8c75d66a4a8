"""A header is found and understood however it was written, and is never taken for a code."""

import io

import pytest

from apps.batches.errors import UnreadableInput
from apps.batches.reading.spreadsheet import xlsx_source
from apps.batches.reading.text import csv_source, pasted_source
from tests.unit.batches.packages import package, table


def rows(source):
    return [dict(row.values) for row in source.rows()]


def csv_rows(text):
    return rows(csv_source(io.BytesIO(text.encode())))


TITLES = [
    "scene", "\u200escene", "scene\u200b", "ｓｃｅｎｅ", '"scene\n(必填)"', "scene（必填）", "*scene", "scene *", 
    "＊场景", "場景", "Scene:", "【必填】场景值", "\ufeff\"scene\"", "scene\u00a0", "Scene 值", "参数 [≤32]",
]  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_understood_in_a_file_and_pasted(title):
    text = f"{title},label\na1,x\n"
    assert csv_rows(text) == [{"scene": "a1", "label": "x"}]
    assert rows(pasted_source(text)) == [{"scene": "a1", "label": "x"}]


@pytest.mark.parametrize(
    ("title", "name"),
    [("＊名稱", "label"), ("标签 (tags)", "tags"), ("External-ID", "External-ID"), ("寬度(px)", "width")],
)
def test_other_columns_are_understood_in_the_same_way(title, name):
    assert csv_rows(f"scene,{title}\na,7\n") == [{"scene": "a", name: "7"}]


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
def test_the_line_that_tells_the_separator_is_no_row(line):
    for read in (csv_rows, lambda text: rows(pasted_source(text))):
        assert read(f"{line}\nscene;label\na1;x,y\n") == [{"scene": "a1", "label": "x,y"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "，"])
def test_the_delimiter_is_the_one_with_which_the_header_is_understood(delimiter):
    text = f"场景{delimiter}备注 (a;b,c\td){delimiter}名称\na1{delimiter}n{delimiter}x\n"
    text = text.replace("a;b,c\td", ";".join("abc") if delimiter != ";" else "abc")
    assert [row["label"] for row in csv_rows(text)] == ["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;1\na;2\n", [{"scene": "a;1"}, {"scene": "a;2"}]),
        ("a1，前台\na2, 后厨\n", [{"scene": "a1", "label": "前台"}, {"scene": "a2", "label": "后厨"}]),
        ("a1\t前台，左\n", [{"scene": "a1", "label": "前台，左"}]),
        ("a1\npage\nb\n", [{"scene": "a1"}, {"scene": "page"}, {"scene": "b"}]),
        ("六月桌码\nscene\na1\n", [{"scene": "a1"}]),
        ("六月桌码\t\nscene\tlabel\na1\tx\n", [{"scene": "a1", "label": "x"}]),
    ],
)
def test_pasted_lines_are_read_as_the_manual_says(text, expected):
    assert rows(pasted_source(text)) == expected


@pytest.mark.parametrize("text", ["id,name\na1,x\n", "编号\t名称\na1\tx\n"])
def test_a_pasted_header_without_a_scene_is_refused(text):
    with pytest.raises(UnreadableInput, match="no column “scene”"):
        rows(pasted_source(text))


def test_titles_above_a_table_are_passed_over_and_told():
    text = "六月桌码,,\n制表：张三,,\n\nscene,label,tags\na1,前台,x\n"
    for source in (csv_source(io.BytesIO(text.encode())), pasted_source(text)):
        assert [(row.number, dict(row.values)) for row in source.rows()] == [
            (5, {"scene": "a1", "label": "前台", "tags": "x"})
        ]
        assert list(source.facts.notes) == ["Row 4 names the columns; what is above it was not read."]


def test_a_row_as_wide_as_the_header_is_no_title():
    with pytest.raises(UnreadableInput, match="Columns found: id, name"):
        csv_rows("id,name\n1,page\n2,x\n")


def test_the_titles_of_a_guarded_column_come_back():
    assert csv_rows("scene,'=sum\na,b\n") == [{"scene": "a", "=sum": "b"}]


def test_a_header_over_two_rows_is_one():
    sheet = table(["scene", "", ""], ["", "name", "备注"], ["a1", "店一", "b"], merged=["A1:A2"])
    assert rows(xlsx_source(package(sheet))) == [{"scene": "a1", "label": "店一", "备注": "b"}]


def test_a_cell_that_is_merged_with_those_below_stands_in_each_row():
    merged = ["B2:B4", "C2:D2", "A1:C1"]
    sheet = table(["scene", "label", "n"], ["a1", "店一", "x"], ["a2"], ["a3"], ["a4"], merged=merged)
    found = rows(xlsx_source(package(sheet)))
    assert [row.get("label") for row in found] == ["店一", "店一", "店一", None]
    assert [row.get("n") for row in found] == ["x", None, None, None]


def test_an_export_with_many_columns_comes_back():
    own = [f"c{number}" for number in range(60)]
    text = ",".join(["scene", "page", "label", "tags", *own, "wxcode_row"]) + "\na" + "," * 64 + "\n"
    assert csv_rows(text) == [{"scene": "a"}]
