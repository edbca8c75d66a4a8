"""A PDF document to be printed at its true size: its facts, its settings for viewers, and text in our fonts."""

import tempfile
from collections.abc import Callable
from typing import IO, Any

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from apps.exports.fonts import Fonts

PRODUCT = "wxcode"


def make_document(title: str, *, page: tuple[float, float], draw: Callable[[Any], None]) -> IO[bytes]:
    """What `draw` puts on the canvas, in a temporary file that is gone when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    # the first version with PrintScaling
    canvas = Canvas(file, pagesize=(page[0] * mm, page[1] * mm), pageCompression=1, pdfVersion=(1, 6))
    canvas.setTitle(title)
    canvas.setAuthor(PRODUCT)
    canvas.setCreator(PRODUCT)
    canvas.setSubject(_("Mini-program codes to print"))
    # viewers shrink pages to the printable area otherwise, and nothing lies on its sticker
    canvas.setViewerPreference("PrintScaling", "None")
    try:
        draw(canvas)
        canvas.save()
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def write_text(canvas: Any, fonts: Fonts, text: str, x: float, y: float, size: float) -> None:
    """`text` from `x`, with its baseline at `y`, both in millimetres; `size` in points."""
    words = canvas.beginText(x * mm, y * mm)
    for font, piece in fonts.runs(text):
        words.setFont(font, size)
        words.textOut(piece)
    canvas.drawText(words)
