"""Logging in, for gallery and admin alike: the password, the code where there is a second factor, the locked page."""

import math
from typing import Any, TypeVar
from urllib.parse import quote

from django.contrib.auth import views
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import FormView
from django_otp import login as mark_verified

from apps.accounts.ended import has_ended_session, keeps_what_was_entered
from apps.accounts.forms import CodeForm, LoginForm, say_wrong
from apps.accounts.guard import find_wait, is_known_browser, remember_browser
from apps.accounts.notices import tell_of_login
from apps.accounts.records import record_second_step
from apps.accounts.second_factor import check_code, find_second_factor, is_required
from apps.errors import WxcodeError, join_sentences

Response = TypeVar("Response", bound=HttpResponseBase)


def safe_next(request: HttpRequest, *, home: str = "") -> str:
    """Where to go afterwards: an address of this very service, `home` if none is given, or the gallery."""
    home = home or get_script_prefix()
    address = request.POST.get("next") or request.GET.get("next") or home
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else home


def address_with_next(name: str, request: HttpRequest) -> str:
    return f"{reverse(name)}?next={quote(safe_next(request))}"


class LoginView(views.LoginView):
    """Django's own. Whoever owes the second factor is led on, to the code or to setting one up."""

    authentication_form = LoginForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        owes = getattr(request, "half_user", None)
        if owes is not None and request.method != "POST":
            return redirect(address_with_next(next_step(owes), request))
        return never_stored(super().dispatch(request, *args, **kwargs))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = {"has_ended": has_ended_session(self.request), "keeps": keeps_what_was_entered(safe_next(self.request))}
        return super().get_context_data(**kwargs) | facts

    def get_success_url(self) -> str:
        # the admin sends everybody else back here, round and round
        return safe_next(self.request) if getattr(self.request.user, "is_staff", False) else get_script_prefix()

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        is_first = user.last_login is None
        response = super().form_valid(form)
        if find_second_factor(user) or is_required(user, self.get_success_url()):
            return redirect(address_with_next(next_step(user), self.request))
        settle(self.request, response, user, is_first=is_first)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return locked_answer(self.request, form.wait) if form.wait else super().form_invalid(form)


class CodeView(FormView):  # type: ignore[type-arg]
    """`/login/code/`: the second step, for whoever has given the password a moment ago."""

    form_class = CodeForm
    template_name = "accounts/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.user: Any = getattr(request, "half_user", None)
        if self.user is None or not find_second_factor(self.user):
            return redirect(address_with_next("accounts:login", request))
        return never_stored(super().dispatch(request, *args, **kwargs))

    def form_valid(self, form: CodeForm) -> HttpResponse:
        try:
            verdict = check_code(self.user, form.cleaned_data["code"])
        except WxcodeError as error:
            form.add_error(None, join_sentences(error, error.advice))
            return self.form_invalid(form)
        record_second_step(self.request, self.user, is_right=verdict.device is not None)
        if verdict.device is None:
            form.add_error("code", say_wrong(verdict.early_by))
            return self.form_invalid(form)
        enter(self.request, self.user, verdict.device)
        response = HttpResponseRedirect(safe_next(self.request))
        settle(self.request, response, self.user)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"next": safe_next(self.request), "account": self.user}


def enter(request: HttpRequest, user: Any, device: Any) -> None:
    """From now on the session, under a new key, has its second factor."""
    request.session.cycle_key()
    request.user = user
    mark_verified(request, device)


def settle(request: HttpRequest, response: HttpResponse, user: Any, *, is_first: bool = False) -> None:
    """From now on this browser is known; unless it was, or it `is_first` of all, the holder hears of it."""
    if not is_first and not is_known_browser(request, user.get_username()):
        tell_of_login(request, user)
    remember_browser(response, user.get_username())


def next_step(user: Any) -> str:
    return "accounts:code" if find_second_factor(user) else "accounts:set-up"


def locked_page(request: HttpRequest, response: Any, credentials: dict[str, Any] | None) -> HttpResponse:
    """What axes answers once a name has failed too often from an address (AXES_LOCKOUT_CALLABLE)."""
    return locked_answer(request, find_wait(request, str((credentials or {}).get("username", ""))))


def locked_answer(request: HttpRequest, wait: int) -> HttpResponse:
    """429 with a page that says when to try again; `wait` in seconds."""
    request.user = AnonymousUser()
    facts = {"minutes": math.ceil(wait / 60), "next": safe_next(request)}
    response = render(request, "accounts/locked.html", facts, status=429)
    response.headers["Retry-After"] = str(wait)
    return never_stored(response)


def never_stored(response: Response) -> Response:
    """`response`, kept by no cache, not even the browser's: it may hold a key or codes."""
    add_never_cache_headers(response)
    return response
