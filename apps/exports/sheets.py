"""Codes as PDF to print: with captions on sheets or labels, with cut marks, a title and page numbers."""

import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from apps.codes.pictures import Picture, PictureMissing, read_image
from apps.exports.fonts import Fonts, load_fonts
from apps.exports.layout import CAPTION_LINE, CAPTION_POINTS, MARGIN, PADDING, Layout
from apps.exports.missing import with_boxes

# A document is in memory while it is made, some 45 MB for this many codes; more of them come in parts.
PART_SIZE = 1000
HEAD_POINTS = 9.0
MARK_LENGTH = 3.0


@dataclass(frozen=True)
class SheetEntry:
    """One code on paper: its picture, and the lines below it."""

    picture: Picture | None
    captions: Sequence[str]


def count_parts(codes: int) -> int:
    """In how many documents so many codes come, at least one."""
    return max(-(-codes // PART_SIZE), 1)


def draw_sheets(title: str, entries: Iterable[SheetEntry], *, count: int, layout: Layout) -> IO[bytes]:
    """`entries`, of which there are `count`, in a temporary file that is gone when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    canvas = Canvas(file, pagesize=(layout.page[0] * mm, layout.page[1] * mm), pageCompression=1)
    canvas.setTitle(title)
    canvas.setCreator("wxcode")
    printer = _Printer(canvas, title, layout)
    rest = iter(entries)
    pages = max(-(-count // layout.per_page), 1)
    try:
        for number in range(pages):
            printer.draw_page(list(islice(rest, layout.per_page)), number + 1, pages)
        canvas.save()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


class _Printer:
    """Draws pages onto one canvas."""

    def __init__(self, canvas: Any, title: str, layout: Layout) -> None:
        self._canvas = canvas
        self._fonts: Fonts = load_fonts()
        self._title = with_boxes(title, self._fonts)
        self._layout = layout

    def draw_page(self, entries: Sequence[SheetEntry], number: int, pages: int) -> None:
        if self._layout.has_head:
            self._draw_head(number, pages)
        for place, entry in enumerate(entries):
            x, y = self._layout.corner(place)
            self._draw_code(entry, x, y)
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
        layout = self._layout
        width, height = layout.cell
        left, bottom = x + (width - layout.size) / 2, y + height - PADDING - layout.size
        if entry.picture is not None:
            try:
                picture = ImageReader(io.BytesIO(read_image(entry.picture)))
                self._canvas.drawImage(picture, left * mm, bottom * mm, layout.size * mm, layout.size * mm, mask="auto")
            except PictureMissing:
                # an empty frame says more than a missing cell
                self._canvas.rect(left * mm, bottom * mm, layout.size * mm, layout.size * mm)
        for line, caption in enumerate(entry.captions):
            text = with_boxes(" ".join(caption.split()), self._fonts)
            room = (width - PADDING) * mm
            fitted = self._fonts.fitted(text, size=CAPTION_POINTS, width=room)
            indent = (width - self._fonts.width(fitted, CAPTION_POINTS) / mm) / 2
            self._write(fitted, x + indent, bottom - (line + 0.8) * CAPTION_LINE, CAPTION_POINTS)

    def _write(self, text: str, x: float, y: float, size: float) -> None:
        words = self._canvas.beginText(x * mm, y * mm)
        for font, piece in self._fonts.runs(text):
            words.setFont(font, size)
            words.textOut(piece)
        self._canvas.drawText(words)

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
