"""Mini-programs with their tokens in the admin, and the history of token events."""

from contextlib import suppress
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.miniprograms.admin import MiniProgramAdmin
from apps.miniprograms.granted_admin import GrantedFilter, GrantedRows
from apps.miniprograms.models import MiniProgram
from apps.retold import tell_cause
from apps.tables.admin_export import CsvExport, ReadOnlyAdmin
from apps.tables.long_lists import NewestOnly, RecentValues
from apps.tokens.admin_actions import TokenActions
from apps.tokens.admin_inquiries import RidAction
from apps.tokens.forgetting import forget_token
from apps.tokens.models import TokenEvent
from apps.tokens.overview import Overview, find_overviews
from apps.tokens.templatetags import token_cells

EVENTS_SHOWN = 6

# this one has all of the other's fields, and the token beside them
with suppress(NotRegistered):
    admin.site.unregister(MiniProgram)


@admin.register(MiniProgram)
class TokenMiniProgramAdmin(TokenActions, MiniProgramAdmin):
    """The list shows every token's health at a glance, the page has a panel and buttons."""

    list_display = ["account", "token", "quota_today", "token_error"]
    change_form_template = "admin/tokens/miniprogram_form.html"
    change_list_template = "admin/tokens/list.html"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Gathers what the token columns show once for the whole page."""
        changelist = super().get_changelist_instance(request)
        # iterating keeps the instances, so the rows of the page are these very objects
        miniprograms: list[Any] = list(changelist.result_list)
        for miniprogram, overview in zip(miniprograms, find_overviews(miniprograms), strict=True):
            miniprogram.overview = overview
        return changelist

    def save_model(self, request: HttpRequest, obj: MiniProgram, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "appid" in form.changed_data:
            # it was mistyped
            forget_token(form.initial["appid"])

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: MiniProgram | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context |= describe_token(obj)
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)
        return response

    @admin.display(description=_("mini-program"), ordering="name")
    def account(self, miniprogram: MiniProgram) -> SafeString:
        mode = f"{miniprogram.token_mode} · {_('sandbox')}" if miniprogram.is_sandbox else miniprogram.token_mode
        return format_html('{}<br><span class="token-note">{}<br>{}</span>', miniprogram.name, miniprogram.appid, mode)

    @admin.display(description=_("token"), ordering="is_active")
    def token(self, miniprogram: Any) -> SafeString:
        state = token_cells.token_state(miniprogram.overview)
        if miniprogram.overview.last_refresh is None:
            return state
        return format_html("{}<br>{}", state, token_cells.token_last_refresh(miniprogram.overview))

    @admin.display(description=_("quota today"))
    def quota_today(self, miniprogram: Any) -> str:
        return token_cells.token_quota(miniprogram.overview)

    @admin.display(description=_("last error and solution"))
    def token_error(self, miniprogram: Any) -> str:
        return token_cells.token_error(miniprogram.overview)


def describe_token(miniprogram: MiniProgram) -> dict[str, Any]:
    """What the panel of one mini-program shows."""
    (overview,) = find_overviews([miniprogram])
    return {
        "overview": overview,
        "next_refresh": as_moment(overview.health.due_at),
        "trouble_until": _trouble_until(overview),
        "events": list(TokenEvent.objects.filter(miniprogram=miniprogram)[:EVENTS_SHOWN]),
    }


def as_moment(seconds: float | None) -> datetime | None:
    """Unix seconds for a template."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _trouble_until(overview: Overview) -> datetime | None:
    trouble = overview.health.trouble
    if trouble is None or trouble.until <= datetime.now(UTC).timestamp():
        return None
    return as_moment(trouble.until)


@admin.register(TokenEvent)
class TokenEventAdmin(RidAction, CsvExport, GrantedRows, ReadOnlyAdmin):
    """History is read and filtered, never changed."""

    list_display = ["moment", "name", "result", "reason", "explanation"]
    change_list_template = "admin/tokens/list.html"
    list_filter = [
        "outcome",
        "trigger",
        "at",
        "is_forced",
        ("errcode", RecentValues),
        ("miniprogram", GrantedFilter),
    ]
    search_fields = ["miniprogram__name", "miniprogram__appid", "requested_by", "rid"]
    search_help_text = _(
        "Searches the mini-program’s name and appid, the user and the rid. Shows at most the newest 1,000 events."
    )
    list_select_related = ["miniprogram"]
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    paginator = NewestOnly
    fields = [
        *("at", "miniprogram", "outcome", "reason", "token_mode", "is_forced", "took_ms", "expires_at"),
        *("explanation", "code", "rid"),
    ]
    csv_columns: ClassVar = {
        "id": attrgetter("pk"),
        "at": attrgetter("at"),
        "appid": attrgetter("miniprogram.appid"),
        "miniprogram": attrgetter("miniprogram.name"),
        "outcome": attrgetter("outcome"),
        "trigger": attrgetter("trigger"),
        "requested_by": attrgetter("requested_by"),
        "token_mode": attrgetter("token_mode"),
        "is_forced": attrgetter("is_forced"),
        "took_ms": attrgetter("took_ms"),
        "expires_at": attrgetter("expires_at"),
        "error": attrgetter("code"),
        "errcode": attrgetter("errcode"),
        "rid": attrgetter("rid"),
        "detail": lambda event: tell_cause(event.errcode, event.detail),
    }

    @admin.display(description=_("when"), ordering="at")
    def moment(self, event: TokenEvent) -> str:
        return date_format(timezone.localtime(event.at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("mini-program"), ordering="miniprogram__name")
    def name(self, event: TokenEvent) -> SafeString:
        return format_html(
            '{}<br><span class="token-note">{}<br>{}</span>',
            event.miniprogram.name,
            event.miniprogram.appid,
            event.token_mode,
        )

    @admin.display(description=_("outcome"), ordering="outcome")
    def result(self, event: TokenEvent) -> SafeString:
        notes = [f"{event.took_ms} ms"] if event.took_ms else []
        notes += [str(_("forced"))] if event.is_forced else []
        note = format_html('<br><span class="token-note">{}</span>', " · ".join(notes)) if notes else ""
        return format_html("{}{}", token_cells.event_outcome(event), note)

    @admin.display(description=_("trigger"), ordering="trigger")
    def reason(self, event: TokenEvent) -> str:
        return token_cells.event_who(event)

    @admin.display(description=_("explanation"))
    def explanation(self, event: TokenEvent) -> str:
        return token_cells.event_explanation(event)
