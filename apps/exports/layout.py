"""Where each code goes on paper: a grid on A4, one sticker after the other from a roll, or a bought sheet of stickers.

All lengths are in millimetres, all places are counted from the lower left corner, as PDF does.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.errors import InvalidRequest

A4 = (210.0, 297.0)
MARGIN, HEAD = 12.0, 8.0
# below this a phone does not read a code reliably
LEAST_SIZE, MOST_SIZE = 15.0, 180.0
MOST_LABEL = 300.0
PADDING = 2.0
CAPTION_POINTS, LEAST_CAPTION_POINTS = 8.0, 6.0
CAPTION_LINE = 4.0
# beside a code: six Chinese characters of the smallest size
LEAST_CAPTION_WIDTH = 13.0
MOST_COLUMNS, MOST_CAPTIONS = 10, 3


@dataclass(frozen=True)
class Layout:
    """A sheet: its size, its cells (`columns` x `lines`), the code inside each, and how many lines of caption.

    `origin` is the distance of the first cell from the left and the upper edge, `gaps` those between cells, `insets`
    what is left blank inside a cell. The first `used` cells of the first page are left blank.
    """

    page: tuple[float, float]
    columns: int
    lines: int
    cell: tuple[float, float]
    size: float
    captions: int
    origin: tuple[float, float] = (0.0, 0.0)
    gaps: tuple[float, float] = (0.0, 0.0)
    insets: tuple[float, float] = (PADDING, PADDING)
    is_beside: bool = False
    used: int = 0
    has_cut_marks: bool = False
    has_head: bool = False

    @property
    def per_page(self) -> int:
        return self.columns * self.lines

    def count_pages(self, codes: int) -> int:
        """How many pages so many codes take, at least one."""
        return max(-(-(codes + self.used) // self.per_page), 1)

    def corner(self, place: int) -> tuple[float, float]:
        """The lower left corner of the cell `place` (0 is the first of the page)."""
        line, column = divmod(place, self.columns)
        left = self.origin[0] + column * (self.cell[0] + self.gaps[0])
        top = self.page[1] - self.origin[1] - line * (self.cell[1] + self.gaps[1])
        return left, top - self.cell[1]

    @property
    def code_corner(self) -> tuple[float, float]:
        """The lower left corner of the code, seen from that of its cell. Code and captions are centred together."""
        width, height = self.cell
        if self.is_beside:
            return self.insets[0], (height - self.size) / 2
        captions = self.captions * CAPTION_LINE
        return (width - self.size) / 2, (height - self.size - captions) / 2 + captions

    @property
    def caption_box(self) -> tuple[float, float, float]:
        """Where captions are, seen from the lower left corner of the cell: left, upper edge (or middle), width."""
        left, bottom = self.code_corner
        if self.is_beside:
            left, edge = left + self.size + PADDING, self.cell[1] / 2
        else:
            left, edge = self.insets[0], bottom
        return left, edge, self.cell[0] - self.insets[0] - left


def sheet_layout(*, columns: int, size: float | None, captions: int, has_cut_marks: bool) -> Layout:
    """A4 with so many columns; without a size the codes are as large as fits. Raises InvalidRequest."""
    if not 1 <= columns <= MOST_COLUMNS:
        raise cannot_be("columns", _("Use 1 to %(most)d.") % {"most": MOST_COLUMNS})
    width = (A4[0] - 2 * MARGIN) / columns
    largest = width - 2 * PADDING
    size = min(largest, MOST_SIZE) if size is None else size
    if not LEAST_SIZE <= size <= largest + 0.01:
        raise cannot_be(
            "size", _("With %(columns)d codes per row, use %(least)d to %(most)d mm.")
            % {"least": LEAST_SIZE, "most": largest, "columns": columns},
        )  # fmt: skip
    height = size + 2 * PADDING + captions * CAPTION_LINE
    lines = max(int((A4[1] - 2 * MARGIN - HEAD) // height), 1)
    origin = (MARGIN, MARGIN + HEAD)
    return Layout(
        A4, columns, lines, (width, height), size, captions, origin, has_cut_marks=has_cut_marks, has_head=True
    )


def roll_layout(*, width: float, height: float, captions: int, is_beside: bool = False) -> Layout:
    """One sticker a page, as label printers want it; the code as large as the caption leaves room. InvalidRequest."""
    cell, insets, is_beside = (width, height), (PADDING, PADDING), is_beside and captions > 0
    size = largest_code(cell, insets=insets, captions=captions, is_beside=is_beside)
    if not (size >= LEAST_SIZE and max(cell) <= MOST_LABEL):
        raise cannot_be(
            "label", _("Use a sticker of at most %(most)d mm with room for a %(least)d mm code and its caption.")
            % {"least": LEAST_SIZE, "most": MOST_LABEL},
        )  # fmt: skip
    return Layout(cell, 1, 1, cell, size, captions, insets=insets, is_beside=is_beside)


def largest_code(
    cell: tuple[float, float], *, insets: tuple[float, float], captions: int, is_beside: bool
) -> float:  # fmt: skip
    """The edge of the largest code that fits into `cell` with its captions."""
    width, height = cell[0] - 2 * insets[0], cell[1] - 2 * insets[1]
    if is_beside:
        return min(width - PADDING - LEAST_CAPTION_WIDTH, height)
    return min(width, height - captions * CAPTION_LINE)


def cannot_be(field: str, message: object) -> InvalidRequest:
    """The error for a measure of a sheet."""
    return InvalidRequest(_("The sheet cannot be laid out."), errors={field: [str(message)]})
