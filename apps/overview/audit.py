"""The audit trail: who changed what and when, to read, to filter and to take along; values are never in it."""

import json
from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.miniprograms.granted_admin import EveryMiniProgramAdmin
from apps.tables.admin_export import CsvExport, ReadOnlyAdmin

LOOKS = {ADDITION: "good", DELETION: "bad"}


class AuditAdmin(CsvExport, EveryMiniProgramAdmin, ReadOnlyAdmin):
    """Django's log of the admin, with what commands did.

    As nobody may delete entries, nobody can delete a user in the admin who has any: make the user inactive instead.
    """

    list_display = ["moment", "who", "action", "kind", "what", "change"]
    list_display_links = None
    change_list_template = "admin/stacked_list.html"
    list_filter = [
        ("user", admin.RelatedOnlyFieldListFilter),
        ("content_type", admin.RelatedOnlyFieldListFilter),
        "action_flag",
        "action_time",
    ]
    search_fields = ["object_repr", "change_message", "user__username"]
    list_select_related = ["user", "content_type"]
    list_per_page = 50
    show_full_result_count = False
    # the table has no index by time, and its ids grow with it
    ordering = ["-id"]
    csv_columns: ClassVar = {
        "id": attrgetter("pk"),
        "at": attrgetter("action_time"),
        "user": attrgetter("user.username"),
        "action": lambda entry: entry.get_action_flag_display(),
        "kind": lambda entry: entry.content_type.model if entry.content_type else "",
        "object_id": attrgetter("object_id"),
        "object": attrgetter("object_repr"),
        "change": lambda entry: in_words(entry),
    }

    class Media:
        css: ClassVar[Any] = {"all": ["tokens/admin.css"]}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Audit trail"), **(extra_context or {})})

    @admin.display(description=_("when"), ordering="id")
    def moment(self, entry: LogEntry) -> str:
        return f"{timezone.localtime(entry.action_time):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("by whom"), ordering="user__username")
    def who(self, entry: LogEntry) -> str:
        return entry.user.get_username()

    @admin.display(description=_("action"), ordering="action_flag")
    def action(self, entry: LogEntry) -> str:
        look = LOOKS.get(entry.action_flag, "waiting")
        return format_html('<span class="token-pill is-{}">{}</span>', look, entry.get_action_flag_display())

    @admin.display(description=_("kind"), ordering="content_type")
    def kind(self, entry: LogEntry) -> str:
        return str(entry.content_type.name) if entry.content_type else ""

    @admin.display(description=_("what"), ordering="object_repr")
    def what(self, entry: LogEntry) -> str:
        address = None if entry.is_deletion() else entry.get_admin_url()
        return format_html('<a href="{}">{}</a>', address, entry.object_repr) if address else entry.object_repr

    @admin.display(description=_("change"))
    def change(self, entry: LogEntry) -> str:
        return in_words(entry)


def in_words(entry: LogEntry) -> str:
    """What was changed, in the active language: names of fields, never their values."""
    message: str = LogEntry(change_message=_with_names(entry.change_message)).get_change_message()
    # the buttons write whole sentences
    return gettext(message) if message else ""


def _with_names(change_message: str) -> str:
    """Forms write a field's name with a capital letter, which is not how the catalogue has it."""
    if not change_message.startswith("["):
        return change_message
    try:
        changes = json.loads(change_message)
    except json.JSONDecodeError:
        return change_message
    for facts in (facts for change in changes for facts in change.values() if "fields" in facts):
        facts["fields"] = [_name(name) for name in facts["fields"]]
    return json.dumps(changes)


def _name(label: str) -> str:
    told, plain = gettext(label), label[:1].lower() + label[1:]
    return told if told != label or gettext(plain) == plain else gettext(plain)


def find_trail(obj: models.Model, *, limit: int) -> list[LogEntry]:
    """The newest entries about `obj`, at most `limit`, with their users."""
    kind = ContentType.objects.get_for_model(obj)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk))
    return list(entries.select_related("user").order_by("-id")[:limit])
