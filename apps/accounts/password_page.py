"""Another password for oneself."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters

from apps.accounts.pages import OwnPage
from apps.accounts.records import record_change


@method_decorator(sensitive_post_parameters(), name="dispatch")
class PasswordPage(OwnPage):
    """`/account/password/`: asks for the current password, and ends all other sessions."""

    # the current password is asked for instead
    needs_fresh_login = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.answer("accounts/password.html", {"form": PasswordChangeForm(self.user)})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = PasswordChangeForm(self.user, request.POST)
        if not form.is_valid():
            return self.answer("accounts/password.html", {"form": form})
        # the password, the notice to its holder (credentials.py) and the entry, or none of them
        with transaction.atomic():
            form.save()
            update_session_auth_hash(request, self.user)
            record_change(self.user, gettext_noop("Changed password."))
        messages.success(request, gettext("Password changed."))
        return redirect("accounts:account")
