"""The operator's buttons on a mini-program: all of them POST, all of them asked about first."""

import time
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
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
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.tokens import operations
from apps.tokens.admin_inquiries import LiveQuotaAction
from apps.tokens.quota import read_use
from apps.tokens.templatetags.token_cells import duration
from apps.wechat.types import QUOTA_CLEARS_PER_MONTH, TOKEN_FETCHES_PER_DAY


def button(label: Any, description: Any) -> Callable[[Any], Any]:
    """A button that only a POST with its CSRF token can press."""
    made: Callable[[Any], Any] = action(label=label, description=description, methods=("POST",), button_type="form")
    return made


class TokenActions(LiveQuotaAction, GrantedActions, admin.ModelAdmin):  # type: ignore[type-arg]
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
            return ["resume_refresh", "live_quota", "clear_quota"]
        return ["refresh_now", "verify_credentials", "pause_refresh", "live_quota", "clear_quota"]

    @button(gettext_lazy("Refresh now"), gettext_lazy("Ask WeChat for a token at once"))
    def refresh_now(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        if not self.is_confirmed(request, obj):
            return self.ask(request, obj, _("Refresh the token now"), [_fetch_words(obj)])

        def act() -> str:
            token = operations.refresh_now(obj, requested_by=staff_label(request))
            return _("The token is good for %(time)s.") % {"time": duration(token.expires_in(time.time()))}

        return self.act(request, obj, act)

    @button(gettext_lazy("Verify credentials"), gettext_lazy("Try AppSecret, token and one cheap call"))
    def verify_credentials(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        if not self.is_confirmed(request, obj):
            return self.ask(request, obj, _("Verify the credentials"), [_fetch_words(obj)])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What was verified"),
            "original": obj,
            "findings": operations.verify_credentials(obj, requested_by=staff_label(request)),
            "not_verified": operations.NOT_VERIFIED,
        }
        return TemplateResponse(request, "admin/tokens/verified.html", context)

    @button(gettext_lazy("Pause refresh"), gettext_lazy("Fetch no new token until it is resumed"))
    def pause_refresh(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        if not self.is_confirmed(request, obj):
            warning = _("The present token is served until it ends; after that, nobody gets a token or a new code.")
            return self.ask(request, obj, _("Pause the refresh"), [warning])

        def act() -> str:
            operations.pause_refresh(obj, requested_by=staff_label(request))
            self.log_change(request, obj, gettext_noop("Paused token refresh."))
            return _("The token refresh is paused.")

        return self.act(request, obj, act)

    @button(gettext_lazy("Resume refresh"), gettext_lazy("Keep the token fresh again"))
    def resume_refresh(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        if not self.is_confirmed(request, obj):
            return self.ask(request, obj, _("Resume the refresh"), [_("wxcode looks at the token at once.")])

        def act() -> str:
            operations.resume_refresh(obj, requested_by=staff_label(request))
            self.log_change(request, obj, gettext_noop("Resumed token refresh."))
            return _("The token is kept fresh again.")

        return self.act(request, obj, act)

    @button(gettext_lazy("Clear quota"), gettext_lazy("Have WeChat reset the day's quotas, ten times a month"))
    def clear_quota(self, request: HttpRequest, obj: MiniProgram) -> HttpResponse:
        if not self.is_confirmed(request, obj):
            what = _("WeChat sets every daily quota of this mini-program to nothing used, by AppSecret (no token).")
            return self.ask(request, obj, _("Clear the quota"), [what, _clear_words(obj)])

        def act() -> str:
            operations.clear_quota(obj, requested_by=staff_label(request))
            self.log_change(request, obj, gettext_noop("Cleared the quota at WeChat."))
            return _("WeChat has cleared the quotas.")

        return self.act(request, obj, act)

    # --- the common shape ----------------------------------------------------------------------------------

    def is_confirmed(self, request: HttpRequest, miniprogram: MiniProgram) -> bool:
        """Whether this is the POST of the page that asked; raises PermissionDenied for those who may only look."""
        if not self.has_change_permission(request, miniprogram):
            raise PermissionDenied
        return request.POST.get("confirmed") == "yes"

    def ask(self, request: HttpRequest, miniprogram: MiniProgram, title: str, question: list[str]) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": miniprogram,
            "question": question,
        }
        return TemplateResponse(request, "admin/tokens/confirm.html", context)

    def act(self, request: HttpRequest, miniprogram: MiniProgram, do: Callable[[], str]) -> HttpResponse:
        """Do it, say how it went with the cure, go back to the mini-program."""
        try:
            self.message_user(request, do(), messages.SUCCESS)
        except WxcodeError as error:
            self.message_user(request, f"{error} {operations.find_cure(error)}".strip(), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk]))


def staff_label(request: HttpRequest) -> str:
    """Who pressed the button, as the history records people."""
    return f"staff:{request.user.get_username()}"


def _fetch_words(miniprogram: MiniProgram) -> str:
    if miniprogram.token_mode == TokenMode.CLASSIC:
        return _(
            "Classic mode: WeChat makes a new token, one of about %(limit)d a day. The present one works for "
            "five more minutes; the one before it stops at once."
        ) % {"limit": TOKEN_FETCHES_PER_DAY}
    return _(
        "Stable mode: WeChat answers the present token again, or a new one in its last five minutes. "
        "That costs nothing and disturbs nobody."
    )


def _clear_words(miniprogram: MiniProgram) -> str:
    try:
        clears = read_use(miniprogram.appid, token_mode=miniprogram.token_mode, now=time.time()).clears
    except CoordinationUnavailable:
        return _("That works %(limit)d times a month; how often it was used this month is unknown (Redis is away).") % {
            "limit": QUOTA_CLEARS_PER_MONTH
        }
    text = ngettext(
        "wxcode has used %(count)d of the %(limit)d clears of this month.",
        "wxcode has used %(count)d of the %(limit)d clears of this month.",
        clears,
    )
    return text % {"count": clears, "limit": QUOTA_CLEARS_PER_MONTH}
