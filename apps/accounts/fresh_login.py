"""What wants a login of the last quarter of an hour: the account's security, credentials, and who may what."""

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from apps.accounts.gate import session_age
from apps.accounts.layouts import find_layout
from apps.accounts.login import never_stored

# OWASP ASVS 3.7.1 leaves the time to us
FRESH_SECONDS = 900
# for a form that was opened in time, so that what was typed is not lost
TYPING_SECONDS = 600
FORMS = frozenset(
    f"{model}_{view}"
    for model in ("miniprograms_miniprogram", "clients_apiclient", "gateway_opendoor", "auth_user", "auth_group")
    for view in ("add", "change")
) | {"auth_user_password_change"}
# buttons of the admin by the address that all of a model share; to revoke a key stays possible at once
BUTTONS = {"clients_apiclient_actions": frozenset({"rotate_key"})}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_fresh(request: HttpRequest, *, grace: int = 0) -> bool:
    return session_age(request.session, int(time.time())) <= FRESH_SECONDS + grace


def ask_again(request: HttpRequest, back: str, *, is_refusal: bool = False) -> HttpResponseBase:
    """The page that leads to the login and from there to `back`; `is_refusal` if something was not saved."""
    facts = {"back": back, "is_refusal": is_refusal, "layout": find_layout(request)}
    return never_stored(render(request, "accounts/again.html", facts, status=403 if is_refusal else 200))


class FreshLogin:
    """Middleware: the admin saves nothing of FORMS for an older login; a page says so before anything is typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or match.app_name != "admin" or not request.user.is_authenticated:
            return None
        is_button = kwargs.get("tool") in BUTTONS.get(match.url_name or "", ())
        is_shown = request.method in SAFE_METHODS
        if not (is_button or match.url_name in FORMS):
            return None
        if is_fresh(request, grace=0 if is_button or is_shown else TYPING_SECONDS):
            return None
        if is_shown:
            request.has_stale_login = True  # type: ignore[attr-defined]
            return None
        # a button has no page of its own
        back = f"{request.path.partition('/actions/')[0]}/change/" if is_button else request.get_full_path()
        return ask_again(request, back, is_refusal=True)
