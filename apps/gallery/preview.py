"""What a code will look like, as far as that is known before WeChat draws it: colour, background, size."""

import re
from typing import Any, NamedTuple

from apps.codes.models import Kind
from apps.gallery.forms import AUTO, OWN, WIDTH, CodeForm

LEAST, MOST = 280, 1280
INCH_CM, PRINT_DPI = 2.54, 300
# a grey that says nothing: WeChat chooses the colour
UNKNOWN, BLACK = "#8a948d", "#000000"


class Preview(NamedTuple):
    """`share` is the part of the largest width in percent, `cm` how wide it is in print."""

    ink: str
    width: int
    share: int
    cm: str
    is_clear: bool


def preview_of(form: CodeForm) -> Preview:
    """For what the form holds at present; gallery.js follows what is typed."""
    width = min(max(_number(form["width"].value()), LEAST), MOST)
    is_square = form.chosen_kind == Kind.QRCODE
    ink = BLACK if is_square else _ink(form["color"].value(), str(form["line_color"].value() or ""))
    return Preview(
        ink=ink,
        width=width,
        share=round(100 * width / MOST),
        cm=f"{INCH_CM * width / PRINT_DPI:.1f}",
        is_clear=bool(form["is_hyaline"].value()) and not is_square,
    )


def _ink(color: Any, own: str) -> str:
    if color == AUTO:
        return UNKNOWN
    return own if color == OWN and re.fullmatch(r"#[0-9a-fA-F]{6}", own) else BLACK


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else WIDTH
