"""Sheets of stickers as they are bought: common ones by name, others by their measures. All lengths in millimetres."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from apps.exports.layout import (
    A4,
    LEAST_SIZE,
    MOST_COLUMNS,
    MOST_SIZE,
    PADDING,
    Layout,
    cannot_be,
    largest_code,
)

LETTER = (215.9, 279.4)
PAPERS = {"a4": A4, "letter": LETTER}
INCH = 25.4
MOST_ROWS = 30
# laser printers leave 4.2 mm at each edge of the paper blank
UNPRINTABLE = 4.3
# a small sticker has less room to waste
PADDING_SHARE = 0.05
# from this ratio of width to height on, captions stand beside the code unless told otherwise
WIDE = 1.75
# measures are rounded to a tenth
TOLERANCE = 0.1


@dataclass(frozen=True)
class StickerSheet:
    """A sheet: its stickers (`columns` x `rows`), their size, the gaps between them; without margins it is centred."""

    width: float
    height: float
    columns: int
    rows: int
    gap_x: float = 0.0
    gap_y: float = 0.0
    margin_left: float | None = None
    margin_top: float | None = None
    paper: str = "a4"

    @property
    def page(self) -> tuple[float, float]:
        return PAPERS[self.paper]

    @property
    def left(self) -> float:
        return (self.page[0] - self.across) / 2 if self.margin_left is None else self.margin_left

    @property
    def top(self) -> float:
        return (self.page[1] - self.down) / 2 if self.margin_top is None else self.margin_top

    @property
    def right(self) -> float:
        return self.page[0] - self.left - self.across

    @property
    def bottom(self) -> float:
        return self.page[1] - self.top - self.down

    def filled(self) -> "StickerSheet":
        """The same with as many stickers as fit on its paper, at least one."""
        room_x, room_y = self.page[0] - (self.margin_left or 0.0), self.page[1] - (self.margin_top or 0.0)
        columns = int((room_x + self.gap_x + TOLERANCE) // (self.width + self.gap_x))
        rows = int((room_y + self.gap_y + TOLERANCE) // (self.height + self.gap_y))
        return replace(self, columns=max(min(columns, MOST_COLUMNS), 1), rows=max(min(rows, MOST_ROWS), 1))

    @property
    def across(self) -> float:
        return self.columns * self.width + (self.columns - 1) * self.gap_x

    @property
    def down(self) -> float:
        return self.rows * self.height + (self.rows - 1) * self.gap_y


class Preset(NamedTuple):
    """A sheet that many people buy, by the name on its box."""

    name: str
    sheet: StickerSheet

    def __str__(self) -> str:
        """`Avery L7160: 3 x 7, 63.5 x 38.1 mm`."""
        sheet = self.sheet
        return f"{self.name}: {sheet.columns} × {sheet.rows}, {sheet.width:.4g} × {sheet.height:.4g} mm"


# The first four fill A4 without gaps, whoever sells them: their measures follow from the paper. Avery's are those of
# gLabels (templates/avery-iso-templates.xml and avery-us-templates.xml in github.com/jimevins/glabels-qt), centred on
# the paper, which they are but for rounding.
PRESETS = {
    "a4-70x37": Preset("A4", StickerSheet(70, 37, 3, 8)),
    "a4-52.5x29.7": Preset("A4", StickerSheet(52.5, 29.7, 4, 10)),
    "a4-105x42.3": Preset("A4", StickerSheet(105, 42.3, 2, 7)),
    "a4-105x74": Preset("A4", StickerSheet(105, 74, 2, 4)),
    "avery-l7160": Preset("Avery L7160", StickerSheet(63.5, 38.1, 3, 7, gap_x=2.5)),
    "avery-l7163": Preset("Avery L7163", StickerSheet(99.1, 38.1, 2, 7, gap_x=2.5)),
    "avery-l7165": Preset("Avery L7165", StickerSheet(99.1, 67.7, 2, 4, gap_x=2.5)),
    "avery-l7651": Preset("Avery L7651", StickerSheet(38.1, 21.2, 5, 13, gap_x=2.5)),
    "avery-l4732": Preset("Avery L4732", StickerSheet(35.6, 16.9, 5, 16, gap_x=2.5)),
    "avery-5160": Preset("Avery 5160 (Letter)", StickerSheet(2.625 * INCH, INCH, 3, 10, INCH / 8, paper="letter")),
    "avery-5163": Preset("Avery 5163 (Letter)", StickerSheet(4 * INCH, 2 * INCH, 2, 5, INCH * 3 / 16, paper="letter")),
}


def sticker_layout(
    sheet: StickerSheet, *, captions: int, start: int = 1, size: float | None = None, is_beside: bool | None = None
) -> Layout:
    """Codes on `sheet` from the sticker `start` on, counted row by row. Raises InvalidRequest, which names the field.

    Unless told, captions stand below the code, beside it on wide stickers.
    """
    _refuse_overflow(sheet)
    cell, insets = (sheet.width, sheet.height), _insets(sheet)
    is_beside = captions > 0 and (sheet.width >= WIDE * sheet.height if is_beside is None else is_beside)
    largest = largest_code(cell, insets=insets, captions=captions, is_beside=is_beside)
    if largest < LEAST_SIZE:
        raise _too_small(sheet, insets, captions, is_beside)
    size = min(largest, MOST_SIZE) if size is None else size
    if not LEAST_SIZE <= size <= largest + 0.01:
        raise cannot_be("size", _("Use %(least)d to %(most).1f mm on this sticker.")
                        % {"least": LEAST_SIZE, "most": largest})  # fmt: skip
    return Layout(
        sheet.page,
        sheet.columns,
        sheet.rows,
        cell,
        size,
        captions,
        origin=(sheet.left, sheet.top),
        gaps=(sheet.gap_x, sheet.gap_y),
        insets=insets,
        is_beside=is_beside,
        used=start - 1,
    )


def _insets(sheet: StickerSheet) -> tuple[float, float]:
    """What is left blank at the edges of every sticker, so that those at the edges of the paper are printed whole."""
    padding = min(PADDING, PADDING_SHARE * min(sheet.width, sheet.height))
    edges = (min(sheet.left, sheet.right), min(sheet.top, sheet.bottom))
    return max(padding, UNPRINTABLE - edges[0]), max(padding, UNPRINTABLE - edges[1])


def _refuse_overflow(sheet: StickerSheet) -> None:
    """Raises InvalidRequest for what does not fit on the paper; the field is the first one that is too large."""
    for paper, sticker, margin, needed, fields in (
        (sheet.page[0], sheet.width, sheet.margin_left, sheet.across, ("sticker_width", "margin_left", "columns")),
        (sheet.page[1], sheet.height, sheet.margin_top, sheet.down, ("sticker_height", "margin_top", "rows")),
    ):
        needed += margin or 0.0
        if needed > paper + TOLERANCE:
            field = fields[0] if sticker > paper else fields[1] if sticker + (margin or 0.0) > paper else fields[2]
            facts = {"needed": needed, "paper": paper}
            raise cannot_be(field, _("This needs %(needed).1f mm, but the paper has %(paper).1f mm.") % facts)


def _too_small(sheet: StickerSheet, insets: tuple[float, float], captions: int, is_beside: bool) -> Exception:
    """The error for a sticker without room for a code: because of its captions, or of its own."""
    cell = (sheet.width, sheet.height)
    facts = {"least": LEAST_SIZE}
    if largest_code(cell, insets=insets, captions=0, is_beside=False) >= LEAST_SIZE:
        if not is_beside and largest_code(cell, insets=insets, captions=captions, is_beside=True) >= LEAST_SIZE:
            message = _("Captions below leave less than %(least)d mm for the code: place them beside it.")
            return cannot_be("caption_position", message % facts)
        return cannot_be("caption", _("The captions leave less than %(least)d mm for the code.") % facts)
    field = "sticker_height" if sheet.height - 2 * insets[1] < LEAST_SIZE else "sticker_width"
    return cannot_be(field, _("The sticker has no room for a code of %(least)d mm.") % facts)
