"""The operator's questions to WeChat: live quota of a mini-program, and what became of a request with a rid."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_object_actions import action

from apps.errors import WxcodeError
from apps.miniprograms.granted_admin import GrantedActions
from apps.miniprograms.labels import staff_label
from apps.miniprograms.models import MiniProgram
from apps.tokens.inquiries import find_live_quotas, look_up_rid
from apps.tokens.operations import find_cure
from apps.wechat.types import RidReport


class LiveQuotaAction:
    """Mixin of a mini-program's admin."""

    @action(
        label=gettext_lazy("Live quota"),
        description=gettext_lazy("Ask WeChat for the remaining quotas"),
        methods=("POST",),
        button_type="form",
    )
    def live_quota(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        admin: Any = self
        demand_operator(request)
        context = {
            **admin.admin_site.each_context(request),
            "opts": admin.opts,
            "title": _("Live quota"),
            "original": obj,
            "quotas": find_live_quotas(obj, requested_by=staff_label(request.user)),
        }
        return TemplateResponse(request, "admin/tokens/live_quota.html", context, headers={"Cache-Control": "no-store"})


class RidAction(GrantedActions):
    """Mixin of the admin of anything with a `rid` and a `miniprogram`: its page gets a button."""

    change_actions = ("look_up_rid",)

    def get_change_actions(self, request: HttpRequest, object_id: str, form_url: str) -> list[str]:
        admin: Any = self
        found = admin.get_object(request, object_id)
        return list(self.change_actions) if found is not None and found.rid and is_operator(request) else []

    @action(
        label=gettext_lazy("Look up the rid"),
        description=gettext_lazy("Ask WeChat for details of this request (available for seven days)"),
        methods=("POST",),
        button_type="form",
    )
    def look_up_rid(self, request: HttpRequest, obj: Any) -> HttpResponse:
        admin: Any = self
        demand_operator(request)
        report: RidReport | None = None
        problem = cure = ""
        try:
            report = look_up_rid(obj.miniprogram, obj.rid, requested_by=staff_label(request.user))
        except WxcodeError as error:
            problem, cure = str(error), find_cure(error)
        context = {
            **admin.admin_site.each_context(request),
            "opts": admin.opts,
            "title": _("WeChat’s details for %(rid)s") % {"rid": obj.rid},
            "original": obj,
            "report": report,
            "invoked_at": None if report is None else datetime.fromtimestamp(report.invoked_at, UTC),
            "problem": problem,
            "cure": cure,
            "is_sandbox": obj.miniprogram.is_sandbox,
        }
        return TemplateResponse(request, "admin/tokens/rid.html", context, headers={"Cache-Control": "no-store"})


def is_operator(request: HttpRequest) -> bool:
    """Whether this member of staff may have us call WeChat."""
    return request.user.has_perm("miniprograms.change_miniprogram")


def demand_operator(request: HttpRequest) -> None:
    """Raises PermissionDenied."""
    if not is_operator(request):
        raise PermissionDenied
