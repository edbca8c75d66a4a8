"""Another picture of a code from WeChat: larger, or drawn anew; the present one is kept."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.codes.changes import reissue_code
from apps.codes.models import PATH_KINDS, Door, IssuedCode
from apps.codes.requests import Issuer
from apps.errors import InvalidRequest, WxcodeError
from apps.gallery.browsing import Search
from apps.gallery.pages import StaffPage, staff_label
from apps.gallery.rights import MAKE_CODES, RightMissing
from apps.gallery.sizes import SIZES
from apps.gallery.trail import record_changes
from apps.gallery.views import code_facts, get_code
from apps.miniprograms.grants import only_visible


class ReissueView(StaffPage):
    """`POST` with `width`, one of SIZES or none for the same again; `spend` where it costs one of the 100,000."""

    needs: ClassVar[Mapping[str, str]] = {"POST": MAKE_CODES}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # after a login in between
        return HttpResponseRedirect(reverse("gallery:code", args=[kwargs["pk"]]))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = get_code(self.request.user, kwargs["pk"])
        looks = _read_looks(self.request.POST.get("width", ""))
        if code.kind in PATH_KINDS and not self.request.POST.get("spend"):
            raise InvalidRequest(
                _("A picture of this kind spends one of the 100,000 that the mini-program has for its life."),
                advice=_("Tick the box that says so, and nothing is spent by accident."),
            )
        reissue_code(code, looks=looks, issuer=Issuer(label=staff_label(self.request), door=Door.GALLERY))
        record_changes(self.request, [code], gettext_noop("Drawn anew in the gallery."))
        address = Search.read(self.request.GET, granted=self.appids).newest().query_string()
        return HttpResponseRedirect(
            f"{reverse('gallery:code', args=[code.pk])}{address}{'&' if address else '?'}reissued"
        )

    def render_problem(self, error: WxcodeError) -> HttpResponseBase:
        """The page of the code with `error` on top, or the error alone if there is no such code."""
        if isinstance(error, RightMissing) or not _is_visible(self):
            return super().render_problem(error)
        shown = code_facts(self, get_code(self.request.user, self.kwargs["pk"])) | {"problem": error}
        return TemplateResponse(self.request, "gallery/code.html", shown, status=error.http_status)


def _is_visible(page: StaffPage) -> bool:
    return bool(only_visible(IssuedCode.objects, page.request.user).filter(pk=page.kwargs["pk"]).exists())


def _read_looks(width: str) -> dict[str, int]:
    if not width:
        return {}
    if width not in map(str, SIZES):
        known = ", ".join(map(str, SIZES))
        raise InvalidRequest(_("This size is not offered."), advice=_("Use one of %(known)s.") % {"known": known})
    return {"width": int(width)}
