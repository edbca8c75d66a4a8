"""Django's permissions as people choose them: in the reader's language, with the names of the pages they are about."""

from typing import Any

from django import forms
from django.contrib.auth.models import Permission
from django.utils.translation import gettext as _


class PermissionChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """`Codes | Can add issued code`; Django keeps the names in English in the database."""

    def label_from_instance(self, permission: Any) -> str:
        return f"{permission.content_type.app_labeled_name.partition(' | ')[0]} | {permission_name(permission)}"


def permission_name(permission: Permission) -> str:
    """What it allows, in the active language."""
    model = permission.content_type.model_class()
    if model is None:
        return permission.name
    verb = permission.codename.removesuffix(f"_{model._meta.model_name}")
    words = {
        "add": _("Can add %(name)s"),
        "change": _("Can change %(name)s"),
        "delete": _("Can delete %(name)s"),
        "view": _("Can view %(name)s"),
    }
    if verb in words:
        return words[verb] % {"name": model._meta.verbose_name}
    return _(permission.name)
