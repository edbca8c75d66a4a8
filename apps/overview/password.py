"""Changing one's own password in the admin, which Django does without a word in the audit trail."""

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_noop
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters()
def change_password(request: HttpRequest) -> HttpResponse:
    """`/admin/password_change/`: Django's page, and an entry once the password is another."""
    # the password, the notice to its holder (apps.accounts.credentials) and the entry, or none of them
    with transaction.atomic():
        response: HttpResponse = admin.site.password_change(request)
        user = request.user
        if request.method == "POST" and isinstance(response, HttpResponseRedirect) and isinstance(user, User):
            LogEntry.objects.log_actions(user.pk, [user], CHANGE, gettext_noop("Changed password."))
    return response
