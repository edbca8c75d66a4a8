"""Where each code goes on paper: a grid on A4, or one label after the other from a roll. All lengths in millimetres."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.errors import InvalidRequest

A4 = (210.0, 297.0)
MARGIN, HEAD = 12.0, 8.0
# below this a phone does not read a code reliably
LEAST_SIZE, MOST_SIZE = 15.0, 180.0
MOST_LABEL = 300.0
PADDING = 2.0
CAPTION_POINTS = 8.0
CAPTION_LINE = 4.0
MOST_COLUMNS, MOST_CAPTIONS = 10, 3


@dataclass(frozen=True)
class Layout:
    """A sheet: its size, its cells (`columns` x `lines`), the code inside each, and how many lines of caption."""

    page: tuple[float, float]
    columns: int
    lines: int
    cell: tuple[float, float]
    size: float
    captions: int
    has_cut_marks: bool
    has_head: bool

    @property
    def per_page(self) -> int:
        return self.columns * self.lines

    def corner(self, place: int) -> tuple[float, float]:
        """The lower left corner of the cell `place` (0 is the first of the page)."""
        line, column = divmod(place, self.columns)
        left = (self.page[0] - self.columns * self.cell[0]) / 2
        top = self.page[1] - (MARGIN + HEAD if self.has_head else 0.0)
        return left + column * self.cell[0], top - (line + 1) * self.cell[1]


def sheet_layout(*, columns: int, size: float | None, captions: int, has_cut_marks: bool) -> Layout:
    """A4 with so many columns; without a size the codes are as large as fits. Raises InvalidRequest."""
    if not 1 <= columns <= MOST_COLUMNS:
        raise _invalid("columns", _("Use 1 to %(most)d.") % {"most": MOST_COLUMNS})
    width = (A4[0] - 2 * MARGIN) / columns
    largest = width - 2 * PADDING
    size = min(largest, MOST_SIZE) if size is None else size
    if not LEAST_SIZE <= size <= largest + 0.01:
        raise _invalid(
            "size", _("Use %(least)d to %(most)d mm with %(columns)d columns.")
            % {"least": LEAST_SIZE, "most": largest, "columns": columns},
        )  # fmt: skip
    height = size + 2 * PADDING + captions * CAPTION_LINE
    lines = max(int((A4[1] - 2 * MARGIN - HEAD) // height), 1)
    return Layout(A4, columns, lines, (width, height), size, captions, has_cut_marks, has_head=True)


def roll_layout(*, width: float, height: float, captions: int) -> Layout:
    """One label a page, as label printers want it; the code as large as the caption leaves room. InvalidRequest."""
    size = min(width, height - captions * CAPTION_LINE) - 2 * PADDING
    if not (size >= LEAST_SIZE and max(width, height) <= MOST_LABEL):
        raise _invalid(
            "label", _("Use a label up to %(most)d mm on which a code of %(least)d mm and its caption fit.")
            % {"least": LEAST_SIZE, "most": MOST_LABEL},
        )  # fmt: skip
    return Layout((width, height), 1, 1, (width, height), size, captions, has_cut_marks=False, has_head=False)


def _invalid(field: str, message: object) -> InvalidRequest:
    return InvalidRequest(_("The sheet cannot be laid out."), errors={field: [str(message)]})
