"""Pictures in the media storage: content-addressed originals and smaller copies made once."""

import io
from hashlib import sha256
from typing import Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from PIL import Image

from apps.codes.models import IssuedCode
from apps.errors import NotFound, WxcodeError
from apps.wechat.types import CodeImage

# Pixels; the sizes that staff and programs use.
COPY_WIDTHS = (160, 280, 430, 640, 860)
JPEG_QUALITY = 75
# Width to WebP quality of lines and of transparency. A page of 60 weighs 250 KB, or 290 KB on a dense screen; as
# JPEG it would be 470 KB and 970 KB.
THUMBNAILS = {160: (45, 20), 240: (20, 0)}
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}


class Picture(Protocol):
    """What is known about a stored picture: an IssuedCode, or an EarlierPicture of one."""

    image: str
    image_sha256: str
    image_width: int
    media_type: str


class StorageUnavailable(WxcodeError):
    """The media storage did not take or give a picture."""

    code = "storage_unavailable"
    title = _("Images can’t be saved")
    http_status = 503
    is_retryable = True


class PictureMissing(NotFound):
    """The history knows the code, but its file is gone."""

    code = "picture_missing"
    title = _("Image missing")


def store_image(image: CodeImage) -> tuple[str, str]:
    """Store the picture under its content address; answer (name, sha256). Raises StorageUnavailable."""
    digest = sha256(image.content).hexdigest()
    name = f"codes/{digest[:2]}/{digest[2:4]}/{digest}.{image.extension}"
    _save(name, image.content)
    return name, digest


def read_image(code: Picture, *, width: int | None = None) -> bytes:
    """The picture, or its copy `width` pixels wide where that is smaller. Raises PictureMissing, StorageUnavailable."""
    if width is None or width >= code.image_width:
        return _read(code.image)
    name = f"copies/{width}/{code.image_sha256[:2]}/{code.image_sha256}.{EXTENSIONS[code.media_type]}"
    try:
        return _read(name)
    except PictureMissing:
        smaller = _shrink(_read(code.image), width=width)
        _save(name, smaller)
        return smaller


def read_thumbnail(code: Picture, *, width: int) -> bytes:
    """A WebP of a few kilobytes, `width` (one of THUMBNAILS) pixels wide. Raises PictureMissing, StorageUnavailable."""
    name = f"thumbnails/{width}/{code.image_sha256[:2]}/{code.image_sha256}.webp"
    try:
        return _read(name)
    except PictureMissing:
        quality, alpha_quality = THUMBNAILS[width]
        thumbnail = _shrink(_read(code.image), width=width, into="WEBP", quality=quality, alpha_quality=alpha_quality)
        _save(name, thumbnail)
        return thumbnail


def etag(code: Picture, *, width: int | None = None) -> str:
    """A strong entity tag; the picture behind it never changes."""
    copy = "" if width is None or width >= code.image_width else f"-{width}"
    return f'"{code.image_sha256}{copy}"'


def file_name(code: IssuedCode) -> str:
    """A name for the download made of label or scene, safe on every system; unique by its id."""
    extension = EXTENSIONS[code.media_type]
    return f"{slugify(code.title, allow_unicode=True)[:60] or 'code'}-{code.pk}.{extension}"


def _shrink(content: bytes, *, width: int, into: str = "", **options: int) -> bytes:
    with Image.open(io.BytesIO(content)) as picture:
        picture_format = into or picture.format or "JPEG"
        # a JPEG is decoded at the nearest smaller scale, which saves most of the time
        picture.draft(picture.mode, (width, width))
        picture.thumbnail((width, width))
        smaller = io.BytesIO()
        picture.save(smaller, picture_format, **({"quality": JPEG_QUALITY, "optimize": True} | options))
    return smaller.getvalue()


def _save(name: str, content: bytes) -> None:
    try:
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(content))
    except OSError as error:
        raise StorageUnavailable(
            _("The image could not be saved to media storage (%(reason)s).") % {"reason": error.strerror or "error"},
            advice=_("Nothing was lost: try again. Operators: check the media storage’s free space and permissions."),
            retry_after=10,
        ) from error


def _read(name: str) -> bytes:
    try:
        with default_storage.open(name) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        raise PictureMissing(
            _("The file of this code is not in the media storage."),
            advice=_("Operators: restore the media storage, or create the code again."),
        ) from None
    except OSError as error:
        raise StorageUnavailable(
            _("The media storage is not responding (%(reason)s).") % {"reason": error.strerror or "error"},
            advice=_("Try again in a few seconds."),
            retry_after=10,
        ) from error
