"""Codes and failed attempts in the admin: to read and to search, not to change."""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.codes.history import History, Wanted
from apps.codes.models import FailedAttempt, IssuedCode, IssuedCodeQuerySet, Kind, LifetimePool
from apps.miniprograms.granted_admin import GrantedFilter, GrantedRows
from apps.miniprograms.grants import visible_appids
from apps.retold import tell_cause
from apps.tables.admin_export import CsvExport, ReadOnlyAdmin
from apps.tables.long_lists import SHOWN_AT_MOST, NewestOnly, RecentValues
from apps.tokens.admin_inquiries import RidAction
from apps.wechat.types import LIFETIME_CODES, UNCHECKED_PAGES


class ArchivedFilter(admin.SimpleListFilter):
    """Archived codes are hidden unless asked for, as in the API."""

    title = _("archived")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("yes", _("archived"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        shown = list(super().choices(changelist))
        shown[0] = {**shown[0], "display": _("not archived")}
        yield from shown

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset.filter(archived_at__isnull=self.value() != "yes")


@admin.register(IssuedCode)
class IssuedCodeAdmin(GrantedRows, ReadOnlyAdmin):
    list_display = ["thumbnail", "name", "miniprogram", "page", "env_version", "door", "issued_by", "issued_at"]
    list_display_links = ["thumbnail", "name"]
    change_list_template = "admin/stacked_list.html"
    # each has an index that holds the newest first
    list_filter = [("miniprogram", GrantedFilter), "kind", "env_version", ArchivedFilter]
    search_fields = ["search_text"]
    search_help_text = _("Searches scene, label, page and external_id. Shows at most the newest 1,000 codes.")
    sortable_by = ()
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    paginator = NewestOnly
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["picture", "label", "tag_names", "miniprogram", "kind", "scene", "page", "env_version"]}),
        (_("Created"), {"fields": ["issued_at", "issued_by", "door", "client", "external_id", "num_used"]}),
        (_("Appearance"), {"fields": ["width", "auto_color", "line_color", "is_hyaline", "check_path"]}),
        (_("Status"), {"fields": ["archived_at", "reissues"]}),
        (
            _("Stored image"),
            {"fields": ["image", "image_sha256", "image_size", "image_width", "media_type", "digest"]},
        ),
    ]

    def view_on_site(self, code: IssuedCode) -> str:
        """Where it is downloaded, printed and changed."""
        return reverse("gallery:code", args=[code.pk])

    def get_queryset(self, request: HttpRequest) -> IssuedCodeQuerySet:
        found: IssuedCodeQuerySet = super().get_queryset(request)
        return found.with_facts()

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """By the history's index."""
        if not search_term.strip():
            return queryset, False
        wanted = Wanted(
            appids=visible_appids(request.user),
            words=search_term.replace("\0", ""),
            is_archived=request.GET.get("archived") == "yes",
        )
        return queryset.filter(pk__in=[row.id for row in History(wanted)[:SHOWN_AT_MOST]]), False

    @admin.display(description=_("label or scene"))
    def name(self, code: IssuedCode) -> str:
        return code.title

    @admin.display(description=_("image"))
    def thumbnail(self, code: IssuedCode) -> str:
        address = reverse("code-image", args=[code.pk])
        return format_html(
            '<img src="{}?width=160&version={}" width="56" height="56" alt="{}" loading="lazy">',
            address,
            code.reissues,
            # the picture is a link, and a link needs words
            code.title,
        )

    @admin.display(description=_("image"))
    def picture(self, code: IssuedCode) -> str:
        address = reverse("code-image", args=[code.pk])
        return format_html('<img src="{}?version={}" width="215" alt="{}">', address, code.reissues, code.title)

    @admin.display(description=_("tags"))
    def tag_names(self, code: IssuedCode) -> str:
        return ", ".join(tag.name for tag in code.tags.all())


@admin.register(FailedAttempt)
class FailedAttemptAdmin(RidAction, CsvExport, GrantedRows, ReadOnlyAdmin):
    list_display = ["moment", "account", "asked", "explanation", "asker"]
    change_list_template = "admin/stacked_list.html"
    list_filter = [("miniprogram", GrantedFilter), ("errcode", RecentValues), ("code", RecentValues), "at"]
    search_fields = ["scene", "page", "rid"]
    list_select_related = ["miniprogram"]
    list_per_page = 50
    show_full_result_count = False
    paginator = NewestOnly
    fields = [
        *("at", "miniprogram", "kind", "scene", "page", "env_version", "requested_by", "door"),
        *("explanation", "code", "rid", "took_ms"),
    ]
    csv_columns: ClassVar = {
        "id": attrgetter("pk"),
        "at": attrgetter("at"),
        "appid": attrgetter("miniprogram.appid"),
        "miniprogram": attrgetter("miniprogram.name"),
        "kind": attrgetter("kind"),
        "scene": attrgetter("scene"),
        "page": attrgetter("page"),
        "env_version": attrgetter("env_version"),
        "requested_by": attrgetter("requested_by"),
        "door": attrgetter("door"),
        "error": attrgetter("code"),
        "errcode": attrgetter("errcode"),
        "rid": attrgetter("rid"),
        "detail": lambda attempt: tell_cause(attempt.errcode, attempt.detail),
        "took_ms": attrgetter("took_ms"),
    }

    @admin.display(description=_("when"))
    def moment(self, attempt: FailedAttempt) -> str:
        return date_format(timezone.localtime(attempt.at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("mini-program"))
    def account(self, attempt: FailedAttempt) -> str:
        account = attempt.miniprogram
        return format_html('{}<br><span class="token-note">{}</span>', account.name, account.appid)

    @admin.display(description=_("request"))
    def asked(self, attempt: FailedAttempt) -> str:
        more = [part for part in (attempt.page if attempt.scene else "", attempt.env_version) if part]
        note = " · ".join([*more, attempt.get_kind_display()] if attempt.kind != Kind.UNLIMITED else more)
        return format_html('{}<br><span class="token-note">{}</span>', attempt.scene or attempt.page, note)

    @admin.display(description=_("problem and solution"))
    def explanation(self, attempt: FailedAttempt) -> str:
        return format_html(
            '<strong>{}</strong> {} <span class="token-note">{} {}</span>',
            attempt.code if attempt.errcode is None else attempt.errcode,
            tell_cause(attempt.errcode, attempt.detail),
            attempt.cure,
            f"rid {attempt.rid}" if attempt.rid else "",
        )

    @admin.display(description=_("by"))
    def asker(self, attempt: FailedAttempt) -> str:
        note = f"{attempt.get_door_display()} · {attempt.took_ms} ms"
        return format_html('{}<br><span class="token-note">{}</span>', attempt.requested_by, note)


@admin.register(LifetimePool)
class LifetimePoolAdmin(GrantedRows, ReadOnlyAdmin):
    list_display = ["miniprogram", "gone", "state", "pages", "page_state"]
    change_list_template = "admin/stacked_list.html"
    list_select_related = ["miniprogram"]
    readonly_fields = ["left"]

    @admin.display(description=_("limited codes (lifetime)"), ordering="used")
    def gone(self, pool: LifetimePool) -> str:
        words = _("%(used)s used, %(left)s left") % {"used": f"{pool.used:,}", "left": f"{self.left(pool):,}"}
        lost = _("unconfirmed: %(count)s") % {"count": f"{pool.uncertain:,}"} if pool.uncertain else ""
        return format_html('{}<br><span class="token-note">{}</span>', words, lost) if lost else str(words)

    @admin.display(description=_("unchecked pages"), ordering="unchecked_pages")
    def pages(self, pool: LifetimePool) -> str:
        facts = {"used": f"{pool.unchecked_pages:,}", "limit": f"{UNCHECKED_PAGES:,}"}
        return str(_("%(used)s of %(limit)s pages") % facts)

    @admin.display(description=_("left"))
    def left(self, pool: LifetimePool) -> int:
        return max(LIFETIME_CODES - pool.used - pool.uncertain, 0)

    @admin.display(description=_("state"))
    def state(self, pool: LifetimePool) -> str:
        warning = _("%(share)d %% of the lifetime quota is used. Create unlimited codes instead.")
        return _state(warning % {"share": pool.share * 100} if pool.is_warning else "")

    @admin.display(description=_("page quota status"))
    def page_state(self, pool: LifetimePool) -> str:
        warning = _("%(used)d of %(limit)d pages used. Put the variable part into scene, or turn check_path on.")
        facts = {"used": pool.unchecked_pages, "limit": UNCHECKED_PAGES}
        return _state(warning % facts if pool.is_page_warning else "")


def _state(warning: str) -> str:
    return format_html("<strong>{}</strong>", warning) if warning else str(_("OK"))
