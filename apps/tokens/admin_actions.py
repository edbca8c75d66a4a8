"""The operator's buttons on a mini-program: all of them POST; those with a consequence ask first."""

import time
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext
from django_object_actions import action

from apps.coordination.connection import CoordinationUnavailable
from apps.errors import WxcodeError
from apps.miniprograms.granted_admin import GrantedActions
from apps.miniprograms.labels import staff_label
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.tables.asking import AsksFirst
from apps.tokens import operations
from apps.tokens.admin_inquiries import LiveQuotaAction
from apps.tokens.quota import read_use
from apps.tokens.templatetags.token_cells import duration
from apps.wechat.types import QUOTA_CLEARS_PER_MONTH, TOKEN_FETCHES_PER_DAY


def button(label: Any, description: Any) -> Callable[[Any], Any]:
    """A button that only a POST with its CSRF token can press."""
    made: Callable[[Any], Any] = action(label=label, description=description, methods=("POST",), button_type="form")
    return made


class TokenActions(LiveQuotaAction, GrantedActions, AsksFirst):
    """Refresh now, verify credentials, pause, resume, look at the live quota, clear it."""

    change_actions = [
        "refresh_now",
        "verify_credentials",
        "pause_refresh",
        "resume_refresh",
        "live_quota",
        "clear_quota",
    ]

    def get_change_actions(self, request: HttpRequest, object_id: str, form_url: str) -> list[str]:
        miniprogram: Any = self.get_object(request, object_id)
        if miniprogram is None or not miniprogram.is_active or not self.has_change_permission(request, miniprogram):
            return []
        if miniprogram.is_refresh_paused:
            return ["resume_refresh", "verify_credentials", "live_quota", "clear_quota"]
        return ["refresh_now", "verify_credentials", "pause_refresh", "live_quota", "clear_quota"]

    @button(gettext_lazy("Refresh now"), gettext_lazy("Request a token from WeChat now"))
    def refresh_now(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        self.demand_change(request, obj)
        if _costs_a_fetch(obj) and not self.is_answered(request):
            question = _("Refresh the token of %(name)s now?") % {"name": obj.name}
            return self.ask(request, obj, question=question, consequences=[_fetch_words()], button=_("Refresh now"))

        def act() -> str:
            token = operations.refresh_now(obj, requested_by=staff_label(request.user))
            return _("Token refreshed (valid for %(time)s).") % {"time": duration(token.expires_at - time.time())}

        return self.act(request, obj, act)

    @button(gettext_lazy("Verify credentials"), gettext_lazy("Test the AppSecret, the token and one call"))
    def verify_credentials(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        self.demand_change(request, obj)
        if _costs_a_fetch(obj) and not self.is_answered(request):
            question = _("Verify the credentials of %(name)s?") % {"name": obj.name}
            words = [_fetch_words()]
            return self.ask(request, obj, question=question, consequences=words, button=_("Verify credentials"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Verification result"),
            "original": obj,
            "findings": operations.verify_credentials(obj, requested_by=staff_label(request.user)),
            "not_verified": operations.NOT_VERIFIED,
        }
        return TemplateResponse(request, "admin/tokens/verified.html", context)

    @button(gettext_lazy("Pause refresh"), gettext_lazy("Stop fetching new tokens until you resume"))
    def pause_refresh(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        self.demand_change(request, obj)
        if not self.is_answered(request):
            return self.ask(
                request,
                obj,
                question=_("Pause token refresh for %(name)s?") % {"name": obj.name},
                consequences=[
                    _(
                        "The current token works until it expires. After that, no token is available and "
                        "no codes can be created."
                    )
                ],
                button=_("Pause refresh"),
                is_stopping=True,
            )

        def act() -> str:
            operations.pause_refresh(obj, requested_by=staff_label(request.user))
            self.log_change(request, obj, gettext_noop("Paused token refresh."))
            return _("The token refresh is paused.")

        return self.act(request, obj, act)

    @button(gettext_lazy("Resume refresh"), gettext_lazy("Start refreshing the token again"))
    def resume_refresh(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        self.demand_change(request, obj)

        def act() -> str:
            operations.resume_refresh(obj, requested_by=staff_label(request.user))
            self.log_change(request, obj, gettext_noop("Resumed token refresh."))
            return _("Token refresh resumed.")

        return self.act(request, obj, act)

    @button(gettext_lazy("Reset API quotas"), gettext_lazy("Ask WeChat to reset today’s API quotas (10 times a month)"))
    def clear_quota(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        self.demand_change(request, obj)
        if not self.is_answered(request):
            return self.ask(
                request,
                obj,
                question=_("Reset today’s API quotas of %(name)s?") % {"name": obj.name},
                consequences=[
                    _("WeChat resets all of them. This uses the AppSecret, so it works without a token."),
                    _clear_words(obj),
                ],
                button=_("Reset API quotas"),
            )

        def act() -> str:
            operations.clear_quota(obj, requested_by=staff_label(request.user))
            self.log_change(request, obj, gettext_noop("Cleared the quota at WeChat."))
            return _("WeChat has reset the API quotas.")

        return self.act(request, obj, act)

    # --- the common shape ----------------------------------------------------------------------------------

    def demand_change(self, request: HttpRequest, miniprogram: MiniProgram) -> None:
        """Raises PermissionDenied for those who may only look."""
        if not self.has_change_permission(request, miniprogram):
            raise PermissionDenied

    def act(self, request: HttpRequest, miniprogram: MiniProgram, do: Callable[[], str]) -> HttpResponse:
        """Do it, say how it went with the cure, go back to the mini-program."""
        try:
            self.message_user(request, do(), messages.SUCCESS)
        except WxcodeError as error:
            self.message_user(request, f"{error} {operations.find_cure(error)}".strip(), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk]))


def _costs_a_fetch(miniprogram: MiniProgram) -> bool:
    """Whether a fetch has a consequence: in stable mode, or while paused, it has none."""
    return miniprogram.token_mode == TokenMode.CLASSIC and not miniprogram.is_refresh_paused


def _fetch_words() -> str:
    return _(
        "Classic mode: WeChat creates a new token (about %(limit)d a day are allowed). The current token works for "
        "five more minutes; the one before it stops immediately."
    ) % {"limit": TOKEN_FETCHES_PER_DAY}


def _clear_words(miniprogram: MiniProgram) -> str:
    try:
        clears = read_use(miniprogram.appid, token_mode=miniprogram.token_mode, now=time.time()).clears
    except CoordinationUnavailable:
        return _(
            "WeChat allows this %(limit)d times a month. How often it was used this month is unknown, because Redis is "
            "not reachable."
        ) % {"limit": QUOTA_CLEARS_PER_MONTH}
    text = ngettext(
        "wxcode has used %(count)d of %(limit)d resets this month.",
        "wxcode has used %(count)d of %(limit)d resets this month.",
        clears,
    )
    return text % {"count": clears, "limit": QUOTA_CLEARS_PER_MONTH}
