"""A mini-program's whole page in the admin: form, token, pools, newest codes, audit trail; and the list's columns."""

from contextlib import suppress
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from apps.codes.models import IssuedCode, LifetimePool
from apps.errors import WxcodeError
from apps.miniprograms.grants import sees_every
from apps.miniprograms.labels import staff_label
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.overview.audit import find_trail
from apps.overview.meters import PoolMeter
from apps.overview.verifying import FIELD, VerifyingForm
from apps.tables.status_filter import StatusFilter
from apps.tokens import operations
from apps.tokens.admin import TokenMiniProgramAdmin
from apps.tokens.overview import Urgency, find_states
from apps.tokens.templatetags.token_cells import NOTHING, ago
from apps.tokens.trying import take_candidate, try_candidate
from apps.wechat.types import CODE_CALLS_PER_MINUTE

CODES_SHOWN, ENTRIES_SHOWN = 8, 6

# this one has all of the other's fields and buttons, and what hangs on codes beside them
with suppress(NotRegistered):
    admin.site.unregister(MiniProgram)


class TokenFilter(admin.SimpleListFilter):
    """By the state of the token, which is in Redis; asks it only when a state is chosen."""

    title = gettext_lazy("token")
    parameter_name = "token"
    states: ClassVar[dict[str, tuple[Any, frozenset[Urgency]]]] = {
        "trouble": (gettext_lazy("failing"), frozenset({Urgency.BROKEN, Urgency.FAILING})),
        "warning": (gettext_lazy("with a warning"), frozenset({Urgency.WARNING})),
        "waiting": (gettext_lazy("no token yet"), frozenset({Urgency.WAITING})),
        "paused": (gettext_lazy("paused"), frozenset({Urgency.PAUSED})),
        "fresh": (gettext_lazy("OK"), frozenset({Urgency.WELL})),
        "unknown": (gettext_lazy("unknown"), frozenset({Urgency.UNKNOWN})),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, (words, _urgencies) in self.states.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.states.get(self.value() or "")
        if chosen is None:
            return queryset
        found = find_states(list(MiniProgram.objects.all()))
        return queryset.filter(pk__in=[each.miniprogram.pk for each in found if each.urgency in chosen[1]])


class ModeFilter(admin.SimpleListFilter):
    """By token mode in a word; the field's own choices are whole sentences."""

    title = gettext_lazy("token mode")
    parameter_name = "token_mode"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(mode, mode) for mode in TokenMode.values]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(token_mode=self.value()) if self.value() in TokenMode.values else queryset


@admin.register(MiniProgram)
class WholeMiniProgramAdmin(TokenMiniProgramAdmin):
    """What the other rooms know of a mini-program, on one page."""

    form = VerifyingForm
    list_display = ["account", "token", "quota_today", "newest_code", "token_error"]
    list_filter = [TokenFilter, StatusFilter, "is_sandbox", ModeFilter, "env_version"]
    change_form_template = "admin/overview/miniprogram_form.html"

    class Media:
        css: ClassVar[Any] = {"all": ["overview/admin.css"]}

    def get_fieldsets(self, request: HttpRequest, obj: MiniProgram | None = None) -> Any:
        return [
            (title, options | {"fields": _with_box(list(options["fields"]))})
            for title, options in super().get_fieldsets(request, obj)
        ]

    # --- the list ------------------------------------------------------------------------------------------

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        miniprograms: list[Any] = list(changelist.result_list)
        pools, newest = find_pools(miniprograms), _find_newest(miniprograms)
        for miniprogram in miniprograms:
            miniprogram.pool, miniprogram.newest = pools[miniprogram.pk], newest.get(miniprogram.pk)
        return changelist

    @admin.display(description=gettext_lazy("latest code"))
    def newest_code(self, miniprogram: Any) -> str:
        last = ago(miniprogram.newest) if miniprogram.newest else NOTHING
        pool: PoolMeter = miniprogram.pool
        if not pool.gone:
            return last
        words = _("limited codes: %(percent)d %% used") % {"percent": pool.percent}
        share = format_html("<strong>{}</strong>", words) if pool.is_warning else words
        return format_html('{}<br><span class="token-note">{}</span>', last, share)

    # --- the page ------------------------------------------------------------------------------------------

    @sensitive_variables()
    def changeform_view(self, request: Any, object_id: str | None = None, *args: Any, **kwargs: Any) -> HttpResponse:
        """Asks WeChat before it saves, and fetches a token after it: no transaction is open at either time."""
        if request.method == "POST" and request.POST.get(FIELD):
            request.refusal = self._find_refusal(request, object_id)
        response: HttpResponse = super().changeform_view(request, object_id, *args, **kwargs)
        saved: MiniProgram | None = getattr(request, "verified", None)
        if saved is not None:
            request.verified = None
            self._tell(request, saved)
        return response

    def get_form(self, request: Any, obj: MiniProgram | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: Any, obj: MiniProgram, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get(FIELD) and form.has_new_secret():
            request.verified = obj

    def message_user(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Of one that is verified a single message tells everything, once its token is there."""
        if getattr(request, "verified", None) is None:
            super().message_user(request, *args, **kwargs)

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
            context |= _describe(obj, request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @sensitive_variables()
    def _find_refusal(self, request: HttpRequest, object_id: str | None) -> WxcodeError | None:
        """What WeChat says against the AppSecret that was entered; None too where the form itself is refused."""
        found = None if object_id is None else self.get_object(request, unquote(object_id))
        is_change = object_id is not None
        may_save = self.has_change_permission(request, found) if is_change else self.has_add_permission(request)
        if not may_save or (is_change and found is None):
            return None
        fields = flatten_fieldsets(self.get_fieldsets(request, found))
        kind = self.get_form(request, found, change=is_change, fields=fields)
        try:
            with transaction.atomic():
                form = kind(request.POST, request.FILES, instance=found)
                candidate = take_candidate(form.instance) if form.has_new_secret() and form.is_valid() else None
                # nothing of a form that may be refused is kept
                transaction.set_rollback(True)
            if candidate is not None:
                try_candidate(candidate)
        except WxcodeError as error:
            return error
        return None

    def _tell(self, request: HttpRequest, miniprogram: MiniProgram) -> None:
        name = {"name": miniprogram.name}
        if not miniprogram.is_active or miniprogram.is_refresh_paused:
            self.message_user(request, _("“%(name)s” is saved. WeChat accepts the AppSecret.") % name, messages.SUCCESS)
            return
        findings = operations.verify_credentials(miniprogram, requested_by=staff_label(request.user))
        failed = next((finding for finding in findings if not finding.is_good), None)
        if failed is None:
            words = _("“%(name)s” is saved. AppSecret, token and a test call all work.")
            self.message_user(request, words % name, messages.SUCCESS)
            return
        words = _("“%(name)s” is saved, but it doesn’t work yet. %(problem)s %(cure)s")
        facts = {"problem": failed.problem, "cure": failed.cure}
        self.message_user(request, (words % (name | facts)).strip(), messages.ERROR)


def find_pools(miniprograms: list[MiniProgram]) -> dict[int, PoolMeter]:
    """The lifetime pool of each, by primary key. One query."""
    rows = LifetimePool.objects.filter(miniprogram__in=miniprograms)
    pools = {pool.miniprogram_id: PoolMeter(pool.used, pool.uncertain) for pool in rows}
    return {miniprogram.pk: pools.get(miniprogram.pk, PoolMeter()) for miniprogram in miniprograms}


def _find_newest(miniprograms: list[MiniProgram]) -> dict[int, Any]:
    """When each issued its newest code; one look into the index per mini-program, in one query."""
    # Asked for equality, PostgreSQL walked the primary key: 0.25 s for each without a code, beside a million of others.
    mine = IssuedCode.objects.current().filter(miniprogram__gte=OuterRef("pk"), miniprogram__lte=OuterRef("pk"))
    newest = mine.order_by("miniprogram_id", "-id").values("issued_at")[:1]
    found = MiniProgram.objects.filter(pk__in=[each.pk for each in miniprograms])
    return dict(found.values_list("pk", Subquery(newest)))


def _describe(miniprogram: MiniProgram, request: HttpRequest) -> dict[str, Any]:
    """The panels below the form, each for those who may see its rows."""
    facts: dict[str, Any] = {}
    if request.user.has_perm("codes.view_issuedcode"):
        facts |= {
            "newest_codes": list(
                IssuedCode.objects.current().filter(miniprogram=miniprogram).order_by("-id")[:CODES_SHOWN]
            ),
            "pool": find_pools([miniprogram])[miniprogram.pk],
            "calls_limit": CODE_CALLS_PER_MINUTE,
        }
    if request.user.has_perm("admin.view_logentry"):
        facts |= {
            "trail": find_trail(miniprogram, limit=ENTRIES_SHOWN),
            # the whole of it is for those who see every mini-program
            "trail_kind": ContentType.objects.get_for_model(miniprogram).pk if sees_every(request.user) else None,
        }
    return facts


def _with_box(fields: list[str]) -> list[str]:
    """The box stands below what it verifies."""
    if "app_secret" not in fields:
        return fields
    place = fields.index("app_secret") + 1
    return [*fields[:place], FIELD, *fields[place:]]
