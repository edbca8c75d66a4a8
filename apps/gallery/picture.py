"""The picture of a code for the gallery's own pages: as WeChat drew it, smaller, or one that it had before."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.codes import pictures
from apps.codes.api import IMMUTABLE
from apps.codes.api_code import REPLACED
from apps.codes.attachments import attachment
from apps.codes.models import EarlierPicture, IssuedCode
from apps.errors import InvalidRequest, NotFound, WxcodeError
from apps.gallery.browsing import read_id
from apps.gallery.pages import StaffPage
from apps.gallery.trail import record_changes
from apps.gallery.views import get_code

TAKEN = gettext_noop("Downloaded the image.")
# Sixty of them are asked for with one page: no fact that the answer does not need.
COLUMNS = ("reissues", "image", "image_sha256", "image_width", "media_type")
LOOKED_AT = (*pictures.COPY_WIDTHS, *pictures.THUMBNAILS)


class PictureView(StaffPage):
    """`?width=` for a smaller one, `?version=` for one before a reissue (0 the first), `?download=1` to save it.

    What is looked at comes as a thumbnail where there is one of that width; what is saved keeps its type.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        query = self.request.GET
        version, is_download = _read_version(query), bool(query.get("download"))
        code = get_code(self.request.user, kwargs["pk"], columns=() if is_download else COLUMNS)
        width = _read_width(query, known=pictures.COPY_WIDTHS if is_download else LOOKED_AT)
        picture = code if version is None or version == code.reissues else _find_earlier(code, version)
        is_thumbnail = width in pictures.THUMBNAILS and not is_download
        entity_tag = pictures.etag(picture, width=width)
        if is_thumbnail:
            entity_tag = f'{entity_tag[:-1]}-thumbnail"'
        response = get_conditional_response(self.request, etag=entity_tag)
        if response is None and width is not None and is_thumbnail:
            response = HttpResponse(pictures.read_thumbnail(picture, width=width), content_type="image/webp")
        if response is None:
            response = HttpResponse(pictures.read_image(picture, width=width), content_type=picture.media_type)
        if is_download:
            response["Content-Disposition"] = _disposition(code, picture, width)
            if self.request.method == "GET" and response.status_code == 200:
                record_changes(self.request, [code], TAKEN)
        response["ETag"] = entity_tag
        response["Cache-Control"] = IMMUTABLE if version is not None or not code.reissues else REPLACED
        return response

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        """A drawing that says so in the picture's place, or the page that explains it to whoever downloads."""
        if self.request.GET.get("download"):
            return super().render_problem(error)
        drawing = render_to_string("gallery/missing.svg", {"problem": error})
        return HttpResponse(drawing, content_type="image/svg+xml", status=error.http_status)


def _find_earlier(code: IssuedCode, version: int) -> EarlierPicture:
    found: EarlierPicture | None = EarlierPicture.objects.filter(code=code, version=version).first()
    if found is None:
        raise NotFound(
            _("Code %(id)d has no image version %(version)d.") % {"id": code.pk, "version": version},
            advice=_("Its previous images are listed on the page of the code."),
        )
    return found


def _read_version(query: QueryDict) -> int | None:
    asked = query.get("version", "")
    if not asked:
        return None
    version = read_id(asked)
    if version is None or version > 2**31 - 1:
        raise InvalidRequest(
            _("Not a valid image version."), advice=_("Use a whole number, or none for the current image.")
        )
    return version


def _read_width(query: QueryDict, *, known: Iterable[int]) -> int | None:
    asked = query.get("width", "")
    if not asked:
        return None
    if asked not in map(str, known):
        names = ", ".join(map(str, known))
        raise InvalidRequest(
            _("No image of this width is available."),
            advice=_("Use one of %(known)s, or none for the original.") % {"known": names},
        )
    return int(asked)


def _disposition(code: IssuedCode, picture: IssuedCode | EarlierPicture, width: int | None) -> str:
    stem = pictures.file_name(code).rpartition(".")[0]
    earlier = f"-v{picture.version}" if isinstance(picture, EarlierPicture) else ""
    size = f"-{width}" if width and width < picture.image_width else ""
    return attachment(f"{stem}{earlier}{size}.{pictures.EXTENSIONS[picture.media_type]}")
