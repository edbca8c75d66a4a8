"""The audit trail: who changed what and when, to read, to filter and to take along; no secret is ever in it."""

import json
from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.errors import join_sentences
from apps.miniprograms.granted_admin import EveryMiniProgramAdmin
from apps.miniprograms.trail import name_of_field, tell
from apps.retold import retold
from apps.tables.admin_export import CsvExport, ReadOnlyAdmin

ACTIONS: dict[int, tuple[str, Any]] = {
    ADDITION: ("good", _("Added")),
    CHANGE: ("waiting", _("Changed")),
    DELETION: ("bad", _("Deleted")),
}
# how commands have signed since the first version
COMMANDS = ("manage.py ", "make run")


class ActionFilter(admin.SimpleListFilter):
    """By the words of the list's own column."""

    title = _("action")
    parameter_name = "action_flag__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(flag), words) for flag, (_look, words) in ACTIONS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value() or ""
        return queryset.filter(action_flag=value) if value in map(str, ACTIONS) else queryset


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
        ActionFilter,
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
        "action": lambda entry: ACTIONS[entry.action_flag][1],
        "kind": lambda entry: entry.content_type.model if entry.content_type else "",
        "object_id": attrgetter("object_id"),
        "object": attrgetter("object_repr"),
        "change": lambda entry: in_words(entry),
    }

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Audit trail"), **(extra_context or {})})

    @admin.display(description=_("when"), ordering="id")
    def moment(self, entry: LogEntry) -> str:
        return date_format(timezone.localtime(entry.action_time), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("by"), ordering="user__username")
    def who(self, entry: LogEntry) -> str:
        return entry.user.get_username()

    @admin.display(description=_("action"), ordering="action_flag")
    def action(self, entry: LogEntry) -> str:
        return format_html('<span class="token-pill is-{}">{}</span>', *ACTIONS[entry.action_flag])

    @admin.display(description=_("kind"), ordering="content_type")
    def kind(self, entry: LogEntry) -> str:
        return str(entry.content_type.name) if entry.content_type else ""

    @admin.display(description=_("what"), ordering="object_repr")
    def what(self, entry: LogEntry) -> str:
        address = None if entry.is_deletion() else entry.get_admin_url()
        return format_html('<a href="{}">{}</a>', address, entry.object_repr) if address else entry.object_repr

    @admin.display(description=_("what happened"))
    def change(self, entry: LogEntry) -> str:
        return format_html_join("", "<div>{}</div>", ((each,) for each in sentences(entry)))


def in_words(entry: LogEntry) -> str:
    """What happened, in the active language: one sentence after the other."""
    return join_sentences(*sentences(entry))


def sentences(entry: LogEntry) -> list[str]:
    """What was added or deleted by its name, what was changed with its old and new value."""
    kind = entry.content_type.name if entry.content_type else ""
    facts = {"kind": kind, "name": entry.object_repr}
    if entry.is_deletion():
        return [gettext("Deleted %(kind)s “%(name)s”.") % facts]
    told = tell(entry.change_message) or [_told_earlier(entry.change_message)]
    if not entry.is_addition():
        return told
    # Django's own word for it says no more
    more = [each for each in told if each not in ("", gettext("Added."))]
    return [gettext("Added %(kind)s “%(name)s”.") % facts, *more]


def _told_earlier(change_message: str) -> str:
    """An entry of the buttons, which are whole sentences, of a command, or as Django's forms write them."""
    if change_message.startswith(COMMANDS):
        return gettext("By the command %(command)s.") % {"command": change_message}
    message: str = LogEntry(change_message=_with_names(change_message)).get_change_message()
    return retold(message)


def _with_names(change_message: str) -> str:
    """Forms write a field's name with a capital letter, which is not how the catalogue has it."""
    if not change_message.startswith("["):
        return change_message
    try:
        changes = json.loads(change_message)
    except json.JSONDecodeError:
        return change_message
    for facts in (facts for change in changes for facts in change.values() if "fields" in facts):
        facts["fields"] = [name_of_field(name) for name in facts["fields"]]
    return json.dumps(changes)


def find_trail(obj: models.Model, *, limit: int) -> list[LogEntry]:
    """The newest entries about `obj`, at most `limit`, with their users."""
    kind = ContentType.objects.get_for_model(obj)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(obj.pk))
    return list(entries.select_related("user", "content_type").order_by("-id")[:limit])
