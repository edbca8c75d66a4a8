"""Codes as PDF to print: with captions on sheets or stickers, with cut marks, a title and page numbers."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader

from apps.codes.pictures import Picture, PictureMissing, read_image
from apps.exports.documents import make_document, write_text
from apps.exports.fonts import Fonts, load_fonts
from apps.exports.layout import CAPTION_LINE, CAPTION_POINTS, LEAST_CAPTION_POINTS, MARGIN, Layout
from apps.exports.missing import with_boxes

# A document is in memory while it is made, some 45 MB for this many codes; more of them come in parts.
PART_SIZE = 1000
HEAD_POINTS = 9.0
MARK_LENGTH = 3.0


@dataclass(frozen=True)
class SheetEntry:
    """One code on paper: its picture, and its lines of caption."""

    picture: Picture | None
    captions: Sequence[str]


def count_parts(codes: int) -> int:
    """In how many documents so many codes come, at least one."""
    return max(-(-codes // PART_SIZE), 1)


def draw_sheets(title: str, entries: Iterable[SheetEntry], *, count: int, layout: Layout) -> IO[bytes]:
    """`entries`, of which there are `count`, in a temporary file that is gone when it is closed."""

    def draw(canvas: Any) -> None:
        printer, rest = _Printer(canvas, title, layout), iter(entries)
        pages = layout.count_pages(count)
        for number in range(1, pages + 1):
            used = layout.used if number == 1 else 0
            printer.draw_page(list(islice(rest, layout.per_page - used)), number, pages, used=used)

    return make_document(title, page=layout.page, draw=draw)


class _Printer:
    """Draws pages onto one canvas."""

    def __init__(self, canvas: Any, title: str, layout: Layout) -> None:
        self._canvas = canvas
        self._fonts: Fonts = load_fonts()
        self._title = with_boxes(title, self._fonts)
        self._layout = layout
        self._last: tuple[Picture, ImageReader] | None = None

    def draw_page(self, entries: Sequence[SheetEntry], number: int, pages: int, *, used: int) -> None:
        if self._layout.has_head:
            self._draw_head(number, pages)
        for place, entry in enumerate(entries, start=used):
            x, y = self._layout.corner(place)
            self._draw_code(entry, x, y)
            self._draw_captions(entry, x, y)
            if self._layout.has_cut_marks:
                self._draw_marks(x, y)
        self._canvas.showPage()

    def _draw_head(self, number: int, pages: int) -> None:
        width, height = self._layout.page
        baseline = height - MARGIN
        page = _("Page %(number)d of %(pages)d") % {"number": number, "pages": pages}
        page_width = self._fonts.width(page, HEAD_POINTS) / mm
        room = width - 2 * MARGIN - page_width - 5
        self._write(self._fonts.fitted(self._title, size=HEAD_POINTS, width=room * mm), MARGIN, baseline, HEAD_POINTS)
        self._write(page, width - MARGIN - page_width, baseline, HEAD_POINTS)

    def _draw_code(self, entry: SheetEntry, x: float, y: float) -> None:
        if entry.picture is None:
            return
        left, bottom = self._layout.code_corner
        place = ((x + left) * mm, (y + bottom) * mm, self._layout.size * mm, self._layout.size * mm)
        try:
            self._canvas.drawImage(self._decode(entry.picture), *place, mask="auto")
        except PictureMissing:
            # an empty frame says more than a missing cell
            self._canvas.rect(*place)

    def _decode(self, picture: Picture) -> ImageReader:
        """`picture` to draw; copies of one code, which follow each other, are read once. Raises PictureMissing."""
        if self._last is None or self._last[0] is not picture:
            self._last = picture, ImageReader(io.BytesIO(read_image(picture)))
        return self._last[1]

    def _draw_captions(self, entry: SheetEntry, x: float, y: float) -> None:
        texts = [with_boxes(" ".join(caption.split()), self._fonts) for caption in entry.captions]
        (self._write_beside if self._layout.is_beside else self._write_below)(texts, x, y)

    def _write_below(self, texts: Sequence[str], x: float, y: float) -> None:
        """A line each, centred; what is too long shrinks before it is cut."""
        left, top, width = self._layout.caption_box
        for line, text in enumerate(texts):
            fitted, size = self._fonts.shrunk(text, most=CAPTION_POINTS, least=LEAST_CAPTION_POINTS, width=width * mm)
            indent = (width - self._fonts.width(fitted, size) / mm) / 2
            self._write(fitted, x + left + indent, y + top - (line + 0.8) * CAPTION_LINE, size)

    def _write_beside(self, texts: Sequence[str], x: float, y: float) -> None:
        """As many lines as lie beside the code, from the left; every text has one at least."""
        left, middle, width = self._layout.caption_box
        lines: list[str] = []
        for number, text in enumerate(texts, start=1):
            room = int(self._layout.size // CAPTION_LINE) - len(lines) - (len(texts) - number)
            lines += self._fonts.wrapped(text, size=CAPTION_POINTS, width=width * mm, lines=room)
        top = middle + len(lines) * CAPTION_LINE / 2
        for line, text in enumerate(lines):
            self._write(text, x + left, y + top - (line + 0.8) * CAPTION_LINE, CAPTION_POINTS)

    def _write(self, text: str, x: float, y: float, size: float) -> None:
        write_text(self._canvas, self._fonts, text, x, y, size)

    def _draw_marks(self, x: float, y: float) -> None:
        """A short cross at every corner of the cell, in grey."""
        canvas, half = self._canvas, MARK_LENGTH / 2
        canvas.saveState()
        canvas.setLineWidth(0.3)
        canvas.setStrokeGray(0.6)
        for corner_x in (x, x + self._layout.cell[0]):
            for corner_y in (y, y + self._layout.cell[1]):
                canvas.line((corner_x - half) * mm, corner_y * mm, (corner_x + half) * mm, corner_y * mm)
                canvas.line(corner_x * mm, (corner_y - half) * mm, corner_x * mm, (corner_y + half) * mm)
        canvas.restoreState()
