"""Users in the admin: Django's own, with permissions in the reader's language and a list that says who may what."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import SecondFactor
from apps.miniprograms.permission_choice import PermissionChoice

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """Every column says what it is about, so that it can be read one below the other on a phone."""

    list_display = ["username", "person", "standing", "group_names", "second_factor", "last_visit"]
    list_display_links = ["username"]
    change_list_template = "admin/stacked_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        confirmed = SecondFactor.objects.filter(user=OuterRef("pk"), confirmed=True)
        found = super().get_queryset(request).prefetch_related("groups")
        return found.annotate(has_second_factor=Exists(confirmed))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            kwargs["form_class"] = PermissionChoice
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        # Django's saves without one; the notice to the holder is part of it
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    @admin.display(description=_("person"), ordering="last_name", empty_value="")
    def person(self, user: User) -> str:
        return " · ".join(part for part in (user.get_full_name(), user.email) if part)

    @admin.display(description=_("may"), ordering="is_superuser")
    def standing(self, user: User) -> str:
        if not user.is_active:
            look, words = "off", _("switched off")
        elif user.is_superuser:
            look, words = "warning", _("everything")
        elif user.is_staff:
            look, words = "good", _("what was granted")
        else:
            look, words = "off", _("nothing: not staff")
        return format_html('<span class="token-pill is-{}">{}</span>', look, words)

    @admin.display(description=_("groups"))
    def group_names(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or str(_("in no group"))

    @admin.display(description=_("second factor"), ordering="has_second_factor")
    def second_factor(self, user: Any) -> str:
        return str(_("second factor on") if user.has_second_factor else _("no second factor"))

    @admin.display(description=_("last login"), ordering="last_login")
    def last_visit(self, user: User) -> str:
        if user.last_login is None:
            return str(_("never logged in"))
        return f"{timezone.localtime(user.last_login):%Y-%m-%d %H:%M}"
