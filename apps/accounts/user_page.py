"""A user's page in the admin: Django's own, with the permissions in the reader's language."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from apps.miniprograms.permission_choice import PermissionChoice

admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Stacked on a phone, like every other list."""

    change_list_template = "admin/stacked_list.html"

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            kwargs["form_class"] = PermissionChoice
        return super().formfield_for_manytomany(db_field, request, **kwargs)
