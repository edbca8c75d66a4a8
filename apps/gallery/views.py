"""Looking at codes: the newest ones, one of them, its picture."""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django_htmx.http import replace_url

from apps.batches.models import CodeBatch
from apps.codes import pictures
from apps.codes.api import IMMUTABLE
from apps.codes.models import IssuedCode
from apps.errors import InvalidRequest, NotFound, WxcodeError
from apps.gallery import snippets
from apps.gallery.browsing import Search, find_neighbours
from apps.gallery.pages import StaffPage
from apps.miniprograms.grants import Viewer, only_visible

MORE = "more"


class HomePage(StaffPage):
    """The newest codes as cards; to htmx that asks for more of them only the next cards."""

    template_name = "gallery/home.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        search = Search.read(self.request.GET, granted=self.appids)
        page = search.page()
        shown: dict[str, Any] = {"search": search, "codes": page.codes}
        if page.has_older:
            shown["older"] = search.query_string(before=page.codes[-1].pk)
        if self.request.htmx and self.request.htmx.target == MORE:
            return HttpResponse(render_to_string("gallery/cards.html", shown | {"is_more": True}, self.request))
        response = self.render_to_response(shown | self._surroundings(search, is_empty=not page.codes))
        if self.request.htmx:
            return replace_url(response, self.request.path + search.query_string(before=search.before))
        return response

    def _surroundings(self, search: Search, *, is_empty: bool) -> dict[str, Any]:
        miniprograms = list(self.miniprograms.only("appid", "name", "is_active"))
        active = [miniprogram for miniprogram in miniprograms if miniprogram.is_active]
        around: dict[str, Any] = {"miniprograms": miniprograms, "newest": search.query_string()}
        if search.batch is not None:
            around["batch"] = only_visible(CodeBatch.objects, self.request.user).filter(pk=search.batch).first()
        if is_empty and not search.is_narrowed and search.before is None:
            around["state"] = "first-use" if active else "no-miniprogram"
            if active:
                address = self.request.build_absolute_uri(reverse("codes"))
                around["curl"] = snippets.curl_issue(address=address, appid=active[0].appid)
        return around


class CodePage(StaffPage):
    """One code: its picture, everything that is known about it, and what to copy."""

    template_name = "gallery/code.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        code = get_code(self.request.user, kwargs["pk"])
        newer, older = find_neighbours(code, granted=self.appids)
        address = self.request.build_absolute_uri(reverse("code-image", args=[code.pk]))
        return super().get_context_data(
            **kwargs,
            code=code,
            newer=newer,
            older=older,
            image_address=address,
            curl=snippets.curl_picture(address=address),
            on_load=snippets.on_load(scene=code.scene),
            encoded_scene=quote(code.scene, safe=""),
            copy_widths=[width for width in pictures.COPY_WIDTHS[1:] if width < code.image_width],
        )


class PictureView(StaffPage):
    """The picture for the gallery's own pages: `?width=` for a kept copy, `?download=1` to save it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = get_code(self.request.user, kwargs["pk"])
        width = _read_width(self.request.GET.get("width", ""))
        entity_tag = pictures.etag(code, width=width)
        response = get_conditional_response(self.request, etag=entity_tag)
        if response is None:
            response = HttpResponse(pictures.read_image(code, width=width), content_type=code.media_type)
            if self.request.GET.get("download"):
                response["Content-Disposition"] = _disposition(code, width)
        response["ETag"] = entity_tag
        response["Cache-Control"] = IMMUTABLE
        return response

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        """A drawing that says so in the picture's place, or the page that explains it to whoever downloads."""
        if self.request.GET.get("download"):
            return super().render_problem(error)
        drawing = render_to_string("gallery/missing.svg", {"problem": error})
        return HttpResponse(drawing, content_type="image/svg+xml", status=error.http_status)


def get_code(user: Viewer, pk: int) -> IssuedCode:
    """The code with this id, if `user` may see its mini-program. Raises NotFound."""
    code: IssuedCode | None = only_visible(IssuedCode.objects.with_facts(), user).filter(pk=pk).first()
    if code is None:
        raise NotFound(_("There is no code %(id)d.") % {"id": pk}, advice=_("Look for it in the gallery."))
    return code


def _read_width(asked: str) -> int | None:
    if not asked:
        return None
    if asked not in map(str, pictures.COPY_WIDTHS):
        known = ", ".join(map(str, pictures.COPY_WIDTHS))
        raise InvalidRequest(
            _("This width is not kept."), advice=_("Use one of %(known)s, or none for the original.") % {"known": known}
        )
    return int(asked)


def _disposition(code: IssuedCode, width: int | None) -> str:
    name, _dot, extension = pictures.file_name(code).rpartition(".")
    filename = f"{name}-{width}.{extension}" if width else f"{name}.{extension}"
    return content_disposition_header(as_attachment=True, filename=filename) or "attachment"
