"""The admin's forms for an account: a new one can log in at once, and nobody reads a password's hash."""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

WIDGETS: dict[str, Any] = {"groups": forms.CheckboxSelectMultiple}
HELP_TEXTS: dict[str, Any] = {
    "is_active": _("Clear this to deactivate the account instead of deleting it."),
    "is_staff": _("Can use the gallery. Without this, the account can’t use wxcode at all."),
    "is_superuser": _("Can do everything, users and groups included, and needs no group."),
    "groups": _("What the account can see and do comes from its groups."),
}


class NewAccountForm(UserCreationForm):  # type: ignore[type-arg]
    """Name, password, groups; staff from the start."""

    class Meta(UserCreationForm.Meta):
        fields = ("username", "groups", "is_staff")
        widgets = WIDGETS
        help_texts: ClassVar[Any] = HELP_TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_staff"].initial = True
        say_without_groups(self)


class AccountForm(UserChangeForm):  # type: ignore[type-arg]
    class Meta(UserChangeForm.Meta):
        widgets = WIDGETS
        help_texts: ClassVar[Any] = HELP_TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_without_groups(self)


class AnothersPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Without the choice to have none: there is no other way to log in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for field in self.fields.values():
            field.required = True


def say_without_groups(form: Any) -> None:
    if "groups" in form.fields and not Group.objects.exists():
        groups, none = form.fields["groups"], _("There is no group yet.")
        groups.help_text = f"{none} {groups.help_text}"
