"""A test page: the outlines of the stickers and two rulers, to be held against a bought sheet before it is used."""

from typing import IO, Any

from django.utils.translation import gettext as _
from reportlab.lib.units import mm

from apps.exports.documents import make_document, write_text
from apps.exports.fonts import Fonts, load_fonts
from apps.exports.layout import Layout

NUMBER_POINTS, HINT_POINTS = 9.0, 8.0
LONGEST_RULER = 100
TICK, LONG_TICK = 2.0, 4.0


def draw_test_page(title: str, layout: Layout) -> IO[bytes]:
    """One page with every sticker of `layout`, numbered as `start` counts them, in a temporary file."""
    fonts = load_fonts()

    def draw(canvas: Any) -> None:
        for place in range(layout.per_page):
            _draw_outline(canvas, fonts, layout, place)
        _draw_rulers(canvas, fonts, layout)
        canvas.showPage()

    return make_document(title, page=layout.page, draw=draw)


def _draw_outline(canvas: Any, fonts: Fonts, layout: Layout, place: int) -> None:
    """The sticker, what is printed on it, its number; grey where nothing will be printed."""
    x, y = layout.corner(place)
    left, bottom = layout.code_corner
    canvas.setLineWidth(0.3)
    canvas.setStrokeGray(0.75 if place < layout.used else 0.0)
    canvas.rect(x * mm, y * mm, layout.cell[0] * mm, layout.cell[1] * mm)
    if place >= layout.used:
        canvas.setDash(1, 2)
        canvas.rect((x + left) * mm, (y + bottom) * mm, layout.size * mm, layout.size * mm)
        canvas.setDash()
    write_text(canvas, fonts, str(place + 1), x + layout.insets[0] + 1, y + layout.insets[1] + 1, NUMBER_POINTS)


def _draw_rulers(canvas: Any, fonts: Fonts, layout: Layout) -> None:
    """One across and one down through the middle of the paper, of whole centimetres, with what to do if they differ."""
    width, height = layout.page
    canvas.setStrokeGray(0.0)
    across, down = (_ruler_length(side) for side in layout.page)
    x, y = (width - across) / 2, height / 2
    canvas.line(x * mm, y * mm, (x + across) * mm, y * mm)
    for millimetre in range(across + 1):
        tick = LONG_TICK if millimetre % 10 == 0 else TICK
        canvas.line((x + millimetre) * mm, y * mm, (x + millimetre) * mm, (y + tick) * mm)
    middle, foot = width / 2, (height - down) / 2
    canvas.line(middle * mm, foot * mm, middle * mm, (foot + down) * mm)
    for millimetre in range(down + 1):
        tick = LONG_TICK if millimetre % 10 == 0 else TICK
        canvas.line(middle * mm, (foot + millimetre) * mm, (middle + tick) * mm, (foot + millimetre) * mm)
    facts = {"across": across, "down": down}
    hint = _("Rulers: %(across)d and %(down)d mm. If they measure less, print at actual size.") % facts
    for line, text in enumerate(fonts.wrapped(hint, size=HINT_POINTS, width=(width - 8) * mm, lines=4), start=1):
        room, baseline = fonts.width(text, HINT_POINTS) / mm, y - 4 * line
        canvas.setFillGray(1.0)
        canvas.rect((width - room - 2) / 2 * mm, (baseline - 1) * mm, (room + 2) * mm, 4 * mm, stroke=0, fill=1)
        canvas.setFillGray(0.0)
        write_text(canvas, fonts, text, (width - room) / 2, baseline, HINT_POINTS)


def _ruler_length(side: float) -> int:
    """Whole centimetres, a centimetre from each edge."""
    return min(int((side - 20) // 10 * 10), LONGEST_RULER) if side >= 30 else 10
