"""What is typed to log in: name and password, then a code."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.accounts.guard import count_attempt

# with room for spaces and dashes
CODE_MAX_LENGTH = 40


class LoginForm(AuthenticationForm):
    """Django's own; `wait` is how many seconds the wider limits ask for, and then no password is looked at."""

    wait = 0

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username")
        if username and self.cleaned_data.get("password") and self.request is not None:
            self.wait = count_attempt(self.request, username)
            if self.wait:
                raise forms.ValidationError(_("Too many attempts to log in."), code="wait")
        return super().clean()


class CodeForm(forms.Form):
    """A code of the authenticator app, or a backup code."""

    code = forms.CharField(label=_("Code"), max_length=CODE_MAX_LENGTH)


def say_wrong(wait: int) -> str:
    """What a wrong code gets to read; `wait` in seconds."""
    if not wait:
        return str(_("This code is wrong. A code of the app counts for half a minute, and once."))
    return ngettext(
        "This code is wrong, or came too early after a wrong one. Try again in %(count)d second.",
        "This code is wrong, or came too early after a wrong one. Try again in %(count)d seconds.",
        wait,
    ) % {"count": wait}
