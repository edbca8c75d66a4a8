"""Codes and failed attempts in the admin: to read and to search, not to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.codes.models import FailedAttempt, IssuedCode, IssuedCodeQuerySet, LifetimePool
from apps.wechat.errcodes import find_errcode
from apps.wechat.types import LIFETIME_CODES


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """History is not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(IssuedCode)
class IssuedCodeAdmin(ReadOnlyAdmin):
    list_display = ["thumbnail", "title", "miniprogram", "page", "env_version", "door", "issued_by", "issued_at"]
    list_display_links = ["thumbnail", "title"]
    list_filter = ["miniprogram", "kind", "env_version", "door", "issued_at"]
    search_fields = ["search_text"]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> IssuedCodeQuerySet:
        found: IssuedCodeQuerySet = super().get_queryset(request)  # type: ignore[assignment]
        return found.with_facts()

    @admin.display(description=_("picture"))
    def thumbnail(self, code: IssuedCode) -> str:
        address = reverse("code-image", args=[code.pk])
        return format_html('<img src="{}?width=160" width="56" height="56" alt="" loading="lazy">', address)


@admin.register(FailedAttempt)
class FailedAttemptAdmin(ReadOnlyAdmin):
    list_display = ["at", "miniprogram", "scene", "page", "errcode", "code", "cure", "rid", "requested_by", "took_ms"]
    list_filter = ["miniprogram", "errcode", "code", "at"]
    search_fields = ["scene", "page", "rid"]
    list_select_related = ["miniprogram"]
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description=_("what to do"))
    def cure(self, attempt: FailedAttempt) -> str:
        known = find_errcode(attempt.errcode) if attempt.errcode is not None else None
        return str(known.cure) if known else attempt.detail


@admin.register(LifetimePool)
class LifetimePoolAdmin(ReadOnlyAdmin):
    list_display = ["miniprogram", "used", "left", "uncertain", "state", "updated_at"]
    list_select_related = ["miniprogram"]

    @admin.display(description=_("left"))
    def left(self, pool: LifetimePool) -> int:
        return max(LIFETIME_CODES - pool.used - pool.uncertain, 0)

    @admin.display(description=_("state"))
    def state(self, pool: LifetimePool) -> str:
        if not pool.is_warning:
            return str(_("fine"))
        warning = _("%(share)d %% of the codes are gone for ever: issue unlimited ones.")
        return format_html("<strong>{}</strong>", warning % {"share": pool.share * 100})
