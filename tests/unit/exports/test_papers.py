"""What goes on the paper of a sheet: where cells lie, how captions end, what no font has."""

import pytest
from reportlab.lib.units import mm

from apps.errors import InvalidRequest
from apps.exports.fonts import Fonts, load_fonts
from apps.exports.layout import roll_layout, sheet_layout
from apps.exports.missing import Missing, find_missing, with_boxes


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


def test_long_captions_shrink_before_they_are_cut():
    fonts, text = load_fonts(), "Table 12 by the window"
    whole = fonts.width(text, 8)
    assert fonts.shrunk(text, most=8, least=6, width=whole) == (text, 8)
    shrunk, size = fonts.shrunk(text, most=8, least=6, width=0.8 * whole)
    assert (shrunk, 6 < size < 8, fonts.width(shrunk, size) <= 0.8 * whole + 0.02) == (text, True, True)
    cut, size = fonts.shrunk(text, most=8, least=6, width=0.5 * whole)
    assert (cut[-1], size, fonts.width(cut, size) <= 0.5 * whole + 0.02) == ("…", 6, True)


@pytest.mark.parametrize(
    ("text", "widest", "lines"),
    [
        ("short", "shorter", ["short"]),
        ("one two three four", "three four", ["one two", "three four"]),
        ("靠窗的大圆桌，二楼包间", "靠窗的大圆桌", ["靠窗的大圆", "桌，二楼包间"]),
        ("unbreakablewords", "unbreakable", ["unbreakable", "words"]),
        ("one two three four five six seven", "three four", ["one two", "three four", "five six …"]),
    ],
)
def test_captions_beside_a_code_are_broken_between_words_and_chinese_characters(text, widest, lines):
    fonts = load_fonts()
    width = fonts.width(widest, 8) + 0.01
    found = fonts.wrapped(text, size=8, width=width, lines=3)
    assert found == lines
    assert all(fonts.width(line, 8) <= width for line in found)


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
