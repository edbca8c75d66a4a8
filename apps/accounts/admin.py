"""Logins, failed logins and who is kept out for the moment: to read, to take along, and to let somebody in again."""

from operator import attrgetter
from typing import Any, ClassVar

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from apps.accounts import user_page  # noqa: F401  (registers its admin)
from apps.tables.admin_export import CsvExport, ReadOnlyAdmin


class LoginRecords(CsvExport, ReadOnlyAdmin):
    """What all three lists have in common."""

    list_display = ["moment", "username", "ip_address", "path_info"]
    list_display_links = None
    search_fields = ["username", "ip_address"]
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "admin/stacked_list.html"
    csv_columns: ClassVar = {
        "at": attrgetter("attempt_time"),
        "username": attrgetter("username"),
        "address": attrgetter("ip_address"),
        "path": attrgetter("path_info"),
        "browser": attrgetter("user_agent"),
    }

    @admin.display(description=_("when"), ordering="attempt_time")
    def moment(self, record: Any) -> str:
        return date_format(timezone.localtime(record.attempt_time), "SHORT_DATETIME_FORMAT")


@admin.register(AccessLog)
class LoginAdmin(LoginRecords):
    """Right passwords and right codes."""

    list_filter = ["attempt_time", "path_info"]


@admin.register(AccessFailureLog)
class FailureAdmin(LoginRecords):
    """Wrong passwords and wrong codes."""

    list_display = [*LoginRecords.list_display, "locked_out"]
    list_filter = ["attempt_time", "locked_out", "path_info"]


@admin.register(AccessAttempt)
class AttemptAdmin(LoginRecords):
    """Failures that still count: five of them keep a name out from an address."""

    list_display = ["moment", "username", "ip_address", "failures_since_start"]
    actions = ["let_in"]

    def has_let_in_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @admin.action(description=_("Unlock selected accounts"), permissions=["let_in"])
    def let_in(self, request: HttpRequest, attempts: Any) -> None:
        names = set(attempts.values_list("username", flat=True))
        attempts.delete()
        users = list(User.objects.filter(username__in=names))
        LogEntry.objects.log_actions(request.user.pk or 0, users, CHANGE, gettext_noop("Unlocked."))
        text = ngettext("%(count)d account unlocked.", "%(count)d accounts unlocked.", len(users))
        self.message_user(request, text % {"count": len(users)}, messages.SUCCESS)
