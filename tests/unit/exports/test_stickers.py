"""Sheets of stickers as they are bought: every code lies on its sticker, what cannot lie there is refused by name."""

import pytest
from django.http import QueryDict

from apps.errors import InvalidRequest
from apps.exports.layout import CAPTION_LINE, LEAST_SIZE
from apps.exports.sheet_options import as_query, read_layout
from apps.exports.stickers import PRESETS, UNPRINTABLE, StickerSheet, sticker_layout


def read(query, *, captions=1):
    return read_layout(QueryDict(query), captions=captions)


def boxes(layout, place):
    """The code of a cell, and its captions: (left, bottom, right, top) on the paper."""
    x, y = layout.corner(place)
    left, bottom = layout.code_corner
    code = (x + left, y + bottom, x + left + layout.size, y + bottom + layout.size)
    left, edge, width = layout.caption_box
    height = layout.captions * CAPTION_LINE
    top = y + edge + (height / 2 if layout.is_beside else 0)
    return code, (x + left, top - height, x + left + width, top)


def lies_inside(inner, outer, *, by=0.0):
    return all(inner[i] >= outer[i] + by - 0.01 for i in (0, 1)) and all(
        inner[i] <= outer[i] - by + 0.01 for i in (2, 3)
    )


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("captions", [0, 1, 2])
def test_codes_and_captions_of_every_preset_lie_on_their_sticker_and_where_printers_reach(name, captions):
    layout = sticker_layout(PRESETS[name].sheet, captions=captions)
    assert layout.size >= LEAST_SIZE
    page = (0, 0, *layout.page)
    for place in range(layout.per_page):
        x, y = layout.corner(place)
        sticker = (x, y, x + layout.cell[0], y + layout.cell[1])
        assert lies_inside(sticker, page)
        code, texts = boxes(layout, place)
        for box in (code, texts) if captions else (code,):
            assert lies_inside(box, sticker, by=0.8)
            assert lies_inside(box, page, by=UNPRINTABLE)
        assert captions == 0 or texts[0] >= code[2] or texts[3] <= code[1] + 0.01


def test_the_measures_of_a_bought_sheet_put_each_sticker_in_its_place():
    layout = read(
        "sticker_width=40&sticker_height=30&margin_left=10&margin_top=12&gap_x=5&gap_y=3&columns=4&rows=8&start=6"
    )
    assert layout.page == (210, 297)
    assert (layout.per_page, layout.used) == (32, 5)
    assert layout.corner(0) == (10, 297 - 12 - 30)
    assert layout.corner(5) == (10 + 45, 297 - 12 - 33 - 30)


@pytest.mark.parametrize(
    ("preset", "corner", "pitch"),
    [
        ("a4-70x37", (0, 0.5), (70, 37)),
        ("a4-52.5x29.7", (0, 0), (52.5, 29.7)),
        ("avery-l7160", (7.25, 15.15), (66, 38.1)),
        ("avery-l7163", (4.65, 15.15), (101.6, 38.1)),
        ("avery-l4732", (11, 13.3), (38.1, 16.9)),
        ("avery-5160", (4.76, 12.7), (69.85, 25.4)),
        ("avery-5163", (3.97, 12.7), (106.36, 50.8)),
    ],
)
def test_presets_have_the_measures_that_are_printed_on_their_boxes(preset, corner, pitch):
    layout = read(f"preset={preset}")
    x, y = layout.corner(0)
    below_right = layout.corner(layout.columns + 1)
    assert (x, layout.page[1] - y - layout.cell[1]) == pytest.approx(corner, abs=0.01)
    assert (below_right[0] - x, y - below_right[1]) == pytest.approx(pitch, abs=0.01)


def test_as_many_stickers_as_fit_lie_in_the_middle_unless_told():
    full = read("sticker_width=70&sticker_height=37")
    assert (full.columns, full.lines, full.origin) == (3, 8, (0, 0.5))
    letter = read("sticker_width=100&sticker_height=50&paper=letter&gap_x=4")
    assert (letter.page, letter.columns, letter.lines) == ((215.9, 279.4), 2, 5)
    assert letter.origin == pytest.approx((5.95, 14.7))


def test_a_measure_beside_a_preset_takes_its_place():
    assert read("preset=avery-l7160&margin_top=16.5").origin == pytest.approx((7.25, 16.5))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sticker_width=70&sticker_height=37&columns=4", "columns"),
        ("sticker_width=70&sticker_height=37&rows=9", "rows"),
        ("sticker_width=70&sticker_height=37&columns=3&gap_x=2", "columns"),
        ("sticker_width=250&sticker_height=37", "sticker_width"),
        ("sticker_width=70&sticker_height=300", "sticker_height"),
        ("sticker_width=70&sticker_height=37&margin_left=150", "margin_left"),
        ("sticker_width=70&sticker_height=37&margin_top=270", "margin_top"),
        ("sticker_width=30&sticker_height=12&caption_position=below", "sticker_height"),
        ("sticker_width=12&sticker_height=30", "sticker_width"),
        ("sticker_width=70", "sticker_height"),
        ("sticker_height=70", "sticker_width"),
        ("sticker_width=0&sticker_height=70", "sticker_width"),
        ("preset=avery-l7160&sticker_width=0", "sticker_width"),
        ("sticker_width=-1&sticker_height=70", "sticker_width"),
        ("sticker_width=70&sticker_height=37&gap_y=x", "gap_y"),
        ("preset=avery-l7160&start=22", "start"),
        ("preset=avery-l7160&start=0", "start"),
        ("preset=avery-l7160&size=40", "size"),
        ("preset=avery-l4732&caption_position=below", "caption_position"),
        ("preset=avery-9999", "preset"),
        ("sticker_width=70&sticker_height=37&paper=a3", "paper"),
        ("start=3", "start"),
        ("label=50x60&preset=avery-l7160", "preset"),
        ("caption_position=beside", "caption_position"),
        ("preset=avery-l7160&caption_position=above", "caption_position"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(query, field):
    with pytest.raises(InvalidRequest) as caught:
        read(query)
    assert list(caught.value.errors) == [field]


def test_captions_that_leave_no_room_for_the_code_are_the_field_that_is_named():
    with pytest.raises(InvalidRequest) as caught:
        sticker_layout(StickerSheet(24, 24, 1, 1), captions=3)
    assert list(caught.value.errors) == ["caption"]


@pytest.mark.parametrize(
    ("preset", "query", "is_beside"),
    [
        ("avery-l7163", "", True),
        ("avery-l7163", "&caption_position=below", False),
        ("avery-l7165", "", False),
        ("avery-l7165", "&caption_position=beside", True),
    ],
)
def test_captions_stand_beside_the_code_on_wide_stickers_or_where_they_are_wanted(preset, query, is_beside):
    assert read(f"preset={preset}{query}").is_beside is is_beside


def test_a_roll_has_its_captions_below_unless_told():
    assert read("label=80x40").is_beside is False
    layout = read("label=80x40&caption_position=beside", captions=2)
    assert (layout.is_beside, layout.size) == (True, 36)
    assert all(lies_inside(box, (0, 0, 80, 40), by=1.99) for box in boxes(layout, 0))


def test_pages_are_counted_with_the_stickers_that_are_used_up():
    layout = read("preset=a4-70x37&start=24")
    assert [layout.count_pages(codes) for codes in (0, 1, 2, 25, 26)] == [1, 1, 2, 2, 3]


FORM = "columns=3&size=&label=50x60&cut_marks=0&cut_marks=1&caption=label&sticker_width=&rows=&start=2"


@pytest.mark.parametrize(
    ("kind", "preset", "known"),
    [
        ("a4", "a4-70x37", {"columns", "cut_marks", "size"}),
        ("stickers", "a4-70x37", {"preset", "start", "size"}),
        ("stickers", "", {"sticker_width", "columns", "rows", "start", "size"}),
        ("roll", "a4-70x37", {"label"}),
    ],
)
def test_of_a_form_with_the_fields_of_every_paper_only_those_of_the_chosen_one_count(kind, preset, known):
    query = as_query(QueryDict(f"sheet={kind}&preset={preset}&{FORM}"))
    assert set(query) == known | {"sheet", "caption"}


def test_own_measures_that_were_not_typed_are_asked_for():
    with pytest.raises(InvalidRequest) as caught:
        read_layout(as_query(QueryDict(f"sheet=stickers&preset=&{FORM}")), captions=1)
    assert list(caught.value.errors) == ["sticker_width"]
