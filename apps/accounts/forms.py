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
                raise forms.ValidationError(_("Too many failed logins."), code="wait")
            # nobody has such a name, and failures are recorded in a column that is not much longer
            if len(username) > (self.username_field.max_length or 254):
                raise self.get_invalid_login_error()
        return super().clean()


class CodeForm(forms.Form):
    """A code of the authenticator app, or a backup code."""

    code = forms.CharField(label=_("Code"), max_length=CODE_MAX_LENGTH)


def say_wrong(early_by: int) -> str:
    """What a refused code gets to read; `early_by`: the seconds that it came too early, and was not looked at."""
    if not early_by:
        return str(_("Wrong code. A code from your app is valid for 30 seconds and works only once."))
    return ngettext(
        "Too soon after a wrong code. Try again in %(count)d second.",
        "Too soon after a wrong code. Try again in %(count)d seconds.",
        early_by,
    ) % {"count": early_by}
