"""One's own account: the second factor, backup codes, and where else one is logged in."""

from typing import Any
from urllib.parse import quote

import segno
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from apps.accounts.forms import CodeForm, say_wrong
from apps.accounts.fresh_login import ask_again, is_fresh
from apps.accounts.layouts import find_layout
from apps.accounts.login import enter, never_stored, safe_next
from apps.accounts.notices import dismiss
from apps.accounts.records import record_change, record_second_step
from apps.accounts.second_factor import (
    begin,
    confirm,
    count_backup_codes,
    find_second_factor,
    find_wait,
    is_required,
    remove,
    renew_backup_codes,
)
from apps.accounts.sessions import end_other_sessions, end_session, list_sessions
from apps.accounts.strength import measure
from apps.errors import WxcodeError

# Windows has editors that know no other
NEW_LINE = "\r\n"


class OwnPage(View):
    """A page for whoever is logged in; a WxcodeError below it is shown on a page of its own."""

    needs_fresh_login = True
    half_users_enter = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        half: Any = getattr(request, "half_user", None) if self.half_users_enter else None
        self.user: Any = half or request.user
        # whoever has a second factor proves it before changing anything
        if not self.user.is_authenticated or (half is not None and find_second_factor(half)):
            return redirect_to_login(request.get_full_path())
        # whoever is on the way through the login goes on to where they were going
        self.home = "" if half is not None else reverse("accounts:account")
        if self.needs_fresh_login and not is_fresh(request):
            return ask_again(request, request.path if request.method == "GET" else reverse("accounts:account"))
        try:
            return never_stored(super().dispatch(request, *args, **kwargs))
        except WxcodeError as error:
            return self.answer("accounts/trouble.html", {"problem": error}, status=error.http_status)

    def answer(self, template: str, facts: dict[str, Any], status: int = 200) -> HttpResponse:
        own = {"account": self.user, "layout": find_layout(self.request)}
        facts = own | {"next": safe_next(self.request, home=self.home), **facts}
        return never_stored(render(self.request, template, facts, status=status))

    def show_codes(self, codes: list[str], *, is_first: bool) -> HttpResponse:
        """The one page that shows backup codes."""
        # in the page itself, so that nothing is stored for the download
        file = f"data:text/plain;charset=utf-8,{quote(' '.join(codes).replace(' ', NEW_LINE))}"
        return self.answer("accounts/codes.html", {"codes": codes, "file": file, "is_first": is_first})


class AccountPage(OwnPage):
    """`/account/`: how the account is secured."""

    needs_fresh_login = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        device = find_second_factor(self.user)
        facts = {
            "device": device,
            "codes_left": count_backup_codes(self.user) if device else 0,
            "is_required": is_required(self.user, "/admin/" if self.user.is_staff else "/"),
            "sessions": list_sessions(request, self.user),
        }
        return self.answer("accounts/account.html", facts)


class SetUpPage(OwnPage):
    """`/account/second-factor/`: the QR code, and a first code that proves that the app has it."""

    half_users_enter = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(CodeForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        early_by = find_wait(begin(self.user))
        codes = confirm(self.user, "".join(form.cleaned_data["code"].split()))
        if codes is None:
            form.add_error("code", say_wrong(early_by))
            return self._show(form)
        record_second_step(request, self.user, is_right=True)
        enter(request, self.user, find_second_factor(self.user))
        return self.show_codes(codes, is_first=True)

    def _show(self, form: CodeForm) -> HttpResponse:
        device = begin(self.user)
        picture = segno.make(device.address(), error="m", micro=False)
        facts = {
            "form": form,
            # drawn here: what is in it goes nowhere else
            "picture": picture.svg_data_uri(border=4, scale=4, light="#fff"),
            "key": device.written_key(),
            "is_replacement": find_second_factor(self.user) is not None,
            "must": not self.request.user.is_authenticated,
        }
        return self.answer("accounts/set_up.html", facts)


class BackupCodesPage(OwnPage):
    """`/account/backup-codes/`: new ones, shown this once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if find_second_factor(self.user) is None:
            return redirect("accounts:account")
        return self.show_codes(renew_backup_codes(self.user), is_first=False)


class RemovePage(OwnPage):
    """`/account/second-factor/remove/`: asks, then takes the second factor away."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.answer("accounts/remove.html", {})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if remove(self.user):
            record_change(self.user, gettext_noop("Second factor removed."))
            messages.success(request, gettext("Second factor removed."))
        return redirect("accounts:account")


class EndOthersPage(OwnPage):
    """`/account/sessions/`: logs out everywhere else."""

    needs_fresh_login = False
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if end_other_sessions(request, self.user):
            messages.success(request, gettext("Logged out of all other sessions."))
        return redirect("accounts:account")


class EndOnePage(OwnPage):
    """`/account/sessions/NAME/`: logs out in one other browser."""

    needs_fresh_login = False
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if end_session(request, self.user, kwargs["name"]):
            messages.success(request, gettext("Logged out of that session."))
        return redirect("accounts:account")


class DismissPage(OwnPage):
    """`/account/notices/`: its holder has read those that are named."""

    needs_fresh_login = False
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        dismiss(self.user, request.POST.getlist("notice"))
        # htmx takes them out of the page, which stays as it is
        return HttpResponse() if request.headers.get("HX-Request") else HttpResponseRedirect(safe_next(request))


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class StrengthPage(OwnPage):
    """`/account/password-strength/`: what the meter beside a new password shows, for whoever is logged in."""

    needs_fresh_login = False
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        strength = measure(request.POST.get("password", ""), self.user)
        return JsonResponse({"score": strength.score, "words": strength.words})


class AgainPage(OwnPage):
    """`/account/again/`: logs out here, and leads back by way of the login."""

    needs_fresh_login = False
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        back = safe_next(request)
        logout(request)
        return redirect_to_login(back)
