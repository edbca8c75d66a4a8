"""A PDF to print: printed at its true size, with facts of its own, from the first free sticker on."""

import pytest
from django.http import QueryDict

from apps.exports.sheet_options import read_layout
from apps.exports.sheets import SheetEntry, draw_sheets


def draw(query, *, count=1):
    layout = read_layout(QueryDict(query), captions=1)
    with draw_sheets("Hall", [SheetEntry(None, ["Seat"])] * count, count=count, layout=layout) as file:
        return file.read()


@pytest.mark.parametrize("query", ["", "preset=avery-l7160", "label=50x60"])
def test_no_viewer_scales_it_and_it_says_what_it_is(query):
    body = draw(query)
    assert body.startswith(b"%PDF-1.6") and b"/ViewerPreferences" in body and b"/PrintScaling /None" in body
    assert b"/Title (Hall)" in body and b"/Author (wxcode)" in body
    assert b"/Subject (Mini-program codes to print)" in body
    assert b"anonymous" not in body and b"unspecified" not in body


def test_the_first_page_begins_behind_the_stickers_that_are_used_up():
    pages = {start: draw(f"preset=a4-70x37&start={start}", count=24).count(b"/Type /Page\n") for start in (1, 2)}
    assert pages == {1: 1, 2: 2}
    assert draw("preset=avery-5160").count(b"/MediaBox [ 0 0 612 792 ]") == 1
