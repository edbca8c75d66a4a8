"""Is it a picture, is it whole, does it decode: the check before an answer is believed to be a code."""

from io import BytesIO
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from apps.wechat.errors import MalformedResponse
from apps.wechat.types import CodeImage

JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"
# WeChat draws 280 to 1280; the margin is for a change of mind, the upper bound also for decompression bombs.
SIDE_MIN, SIDE_MAX = 200, 2000
# a code is square; one line of rounding per hundred is forgiven
SIDE_RATIO_MAX = 1.01

_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError)


def is_picture(body: bytes) -> bool:
    """Whether the first bytes are those of a JPEG or a PNG, the two that WeChat sends."""
    return body.startswith((JPEG_START, PNG_START))


def read_picture(body: bytes) -> CodeImage:
    """The picture, with type, extension and size taken from its bytes. Raises MalformedResponse."""
    is_jpeg = body.startswith(JPEG_START)
    if not body.endswith(JPEG_END if is_jpeg else PNG_END):
        raise _malformed(_("The image is incomplete: its end mark is missing after {size} bytes."), size=len(body))
    width, height = _decode(body, is_jpeg=is_jpeg)
    return CodeImage(
        content=body,
        media_type="image/jpeg" if is_jpeg else "image/png",
        extension="jpg" if is_jpeg else "png",
        width=width,
        height=height,
    )


def _decode(body: bytes, *, is_jpeg: bool) -> tuple[int, int]:
    """Width and height of a picture that decodes to its last pixel."""
    try:
        # The plugin itself, not Image.open: the size is checked here, before a pixel is decoded.
        image = (JpegImageFile if is_jpeg else PngImageFile)(BytesIO(body))
        width, height = image.size
        if not SIDE_MIN <= min(width, height) <= max(width, height) <= SIDE_MAX:
            raise _malformed(
                _("The image is {width} x {height} px, which is not a valid size for a code."),
                width=width,
                height=height,
            )
        if max(width, height) > SIDE_RATIO_MAX * min(width, height):
            raise _malformed(_("The image is {width} x {height} px, but a code is square."), width=width, height=height)
        if is_jpeg:
            # Every bit of the data is still decoded, only the last transform into pixels is made small.
            image.draft("L", (1, 1))
        image.load()
    except _DECODING_ERRORS:
        raise _malformed(_("The image data is corrupt ({size} bytes)."), size=len(body)) from None
    return width, height


def _malformed(text: Any, **facts: int) -> MalformedResponse:
    return MalformedResponse(format_lazy(text, **facts), advice=_("Try again. Nothing was saved."))
