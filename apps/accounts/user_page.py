"""Users in the admin: who may what by their groups, who is locked, and a new one that can log in at once."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_object_actions import DjangoObjectActions, action

from apps.accounts.account_forms import AccountForm, AnothersPasswordForm, NewAccountForm
from apps.accounts.lockouts import Lock, find_locks, unlock
from apps.accounts.models import SecondFactor
from apps.miniprograms.permission_choice import PermissionChoice
from apps.miniprograms.trailed_admin import TrailedAdmin
from apps.tables.status_filter import StatusFilter

admin.site.unregister(User)
UNLOCK_RIGHT = "axes.delete_accessattempt"


@admin.register(User)
class AccountAdmin(DjangoObjectActions, TrailedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Every column says what it is about, so that it can be read one below the other on a phone."""

    form = AccountForm
    add_form = NewAccountForm
    change_password_form = AnothersPasswordForm
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "password1", "password2", "groups", "is_staff")}),
    )
    list_display = ["username", "person", "standing", "group_names", "second_factor", "last_visit"]
    list_display_links = ["username"]
    list_filter = [StatusFilter, "is_staff", "is_superuser", "groups"]
    change_list_template = "admin/stacked_list.html"
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("lock_state",)
    change_actions = ("unlock",)
    trail_on_add = ("groups", "is_staff")

    def get_queryset(self, request: HttpRequest) -> Any:
        confirmed = SecondFactor.objects.filter(user=OuterRef("pk"), confirmed=True)
        found = super().get_queryset(request).prefetch_related("groups")
        return found.annotate(has_second_factor=Exists(confirmed))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        first = ["username", "password", *(["lock_state"] if obj.lock else [])]
        fieldsets: list[Any] = [
            (None, {"fields": first}),
            (_("Personal info"), {"fields": ["first_name", "last_name", "email"]}),
            (_("Access"), {"fields": ["is_active", "is_staff", "groups", "is_superuser"]}),
            (_("Important dates"), {"fields": ["last_login", "date_joined"]}),
        ]
        if getattr(request.user, "is_superuser", False) and obj.user_permissions.exists():
            words = _("From an earlier version, beside those of the groups. Give rights to a group instead.")
            own = {"classes": ["collapse"], "fields": ["user_permissions"], "description": words}
            fieldsets.insert(3, (_("Permissions of this account alone"), own))
        return fieldsets

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            kwargs["form_class"] = PermissionChoice
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        # Django's own leads to a second form, and nothing is missing after the first
        response: HttpResponse = super(UserAdmin, self).response_add(request, obj, post_url_continue)
        return response

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        # Django's saves without one; the notice to the holder is part of it
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    # --- the lock ------------------------------------------------------------------------------------------

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        _note_locks(request, list(changelist.result_list))
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        account: Any = super().get_object(request, object_id, from_field)
        if account is not None:
            _note_locks(request, [account])
        return account

    def get_change_actions(self, request: HttpRequest, object_id: str, form_url: str) -> list[str]:
        account: Any = self.get_object(request, object_id)
        return ["unlock"] if account is not None and account.lock and account.can_be_unlocked else []

    @action(
        label=_("Unlock"),
        description=_("Forget the failed logins of this account"),
        methods=("POST",),
        button_type="form",
    )
    def unlock(self, request: HttpRequest, obj: User) -> HttpResponse:
        """From the page, or from the row of the list, where it leads back to."""
        if not request.user.has_perm(UNLOCK_RIGHT):
            raise PermissionDenied
        unlock(obj)
        LogEntry.objects.log_actions(request.user.pk or 0, [obj], CHANGE, gettext_noop("Unlocked."))
        self.message_user(request, _("%(name)s can log in again.") % {"name": obj.username}, messages.SUCCESS)
        if request.POST.get("from") == "list":
            return HttpResponseRedirect(reverse("admin:auth_user_changelist"))
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=[obj.pk]))

    @admin.display(description=_("login"))
    def lock_state(self, user: Any) -> str:
        return _describe(user.lock)

    # --- the list ------------------------------------------------------------------------------------------

    @admin.display(description=_("name and e-mail"), ordering="last_name", empty_value="")
    def person(self, user: User) -> str:
        return " · ".join(part for part in (user.get_full_name(), user.email) if part)

    @admin.display(description=_("access"), ordering="is_superuser")
    def standing(self, user: Any) -> str:
        if not user.is_active:
            look, words = "off", _("inactive")
        elif user.is_superuser:
            look, words = "warning", _("full access")
        elif user.is_staff:
            look, words = "good", _("as granted")
        else:
            look, words = "off", _("none (not staff)")
        pill = format_html('<span class="token-pill is-{}">{}</span>', look, words)
        return format_html("{}{}", pill, _lock_in_row(user)) if user.lock else pill

    @admin.display(description=_("groups"))
    def group_names(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or str(_("no group"))

    @admin.display(description=_("second factor"), ordering="has_second_factor")
    def second_factor(self, user: Any) -> str:
        return str(_("on") if user.has_second_factor else _("off"))

    @admin.display(description=_("last login"), ordering="last_login")
    def last_visit(self, user: User) -> str:
        if user.last_login is None:
            return str(_("never logged in"))
        return date_format(timezone.localtime(user.last_login), "DATETIME_FORMAT")


def _note_locks(request: HttpRequest, accounts: list[Any]) -> None:
    """Gives each of `accounts` its `lock`, or None, and whether it `can_be_unlocked` by the reader."""
    locks = {lock.account.pk: lock for lock in find_locks(accounts)}
    for account in accounts:
        account.lock, account.can_be_unlocked = locks.get(account.pk), request.user.has_perm(UNLOCK_RIGHT)


def _describe(lock: Lock) -> str:
    facts = {
        "until": date_format(timezone.localtime(lock.until), "DATETIME_FORMAT"),
        "addresses": ", ".join(lock.addresses),
    }
    words = _("until %(until)s for logins from %(addresses)s") % facts
    return format_html(
        '<span class="token-pill is-bad">{}</span> <span class="token-note">{}</span>', _("Locked"), words
    )


def _lock_in_row(user: Any) -> str:
    """The button is one of the list's own form, which can hold no other."""
    if not user.can_be_unlocked:
        return format_html("<br>{}", _describe(user.lock))
    address = reverse("admin:auth_user_actions", args=[user.pk, "unlock"])
    button = format_html(
        '<button class="row-button" type="submit" name="from" value="list" formaction="{}" formnovalidate>{}'
        '<span class="visually-hidden"> {}</span></button>',
        address,
        _("Unlock"),
        user.username,
    )
    return format_html("<br>{} {}", _describe(user.lock), button)
