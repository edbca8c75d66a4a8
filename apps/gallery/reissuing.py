"""Another picture of a code from WeChat: larger, or drawn anew; the present one is kept."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.codes.changes import reissue_code
from apps.codes.models import PATH_KINDS, Door
from apps.codes.requests import Issuer
from apps.errors import InvalidRequest
from apps.gallery.changing import CodeAction
from apps.gallery.rights import CHANGE_CODES
from apps.gallery.sizes import SIZES
from apps.gallery.trail import record_changes
from apps.gallery.views import get_code
from apps.miniprograms.labels import staff_label


class ReissueView(CodeAction):
    """`POST` with `width`, one of SIZES or none for the same again; `spend` where it costs one of the 100,000."""

    needs: ClassVar[Mapping[str, str]] = {"POST": CHANGE_CODES}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        code = get_code(self.request.user, kwargs["pk"])
        looks = _read_looks(self.request.POST.get("width", ""))
        if code.kind in PATH_KINDS and not self.request.POST.get("spend"):
            raise InvalidRequest(
                _("Regenerating this kind of code uses up one of the mini-program’s 100,000 lifetime codes."),
                advice=_("Tick the confirmation box to continue."),
            )
        reissue_code(code, looks=looks, issuer=Issuer(label=staff_label(self.request.user), door=Door.GALLERY))
        record_changes(self.request, [code], gettext_noop("Image regenerated in the gallery."))
        return self.lead_back(code, told="reissued")


def _read_looks(width: str) -> dict[str, int]:
    if not width:
        return {}
    if width not in map(str, SIZES):
        known = ", ".join(map(str, SIZES))
        raise InvalidRequest(_("This size isn’t available."), advice=_("Use one of %(known)s.") % {"known": known})
    return {"width": int(width)}
