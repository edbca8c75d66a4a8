"""Which sessions count: a session that is too old, or lacks a second factor that it needs, is nobody's.

Everything behind this middleware sees an anonymous visitor then, so no page has to know the rules.
"""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.acting import acting_in
from apps.accounts.ended import is_without_session, note_ended
from apps.accounts.second_factor import find_second_factor, is_required
from apps.clients.addresses import client_address

# in the session, Unix seconds: when the password was given, and about when the last request came
LOGGED_IN_AT, SEEN_AT = "logged_in_at", "seen_at"
# and from where, for the list of one's sessions
ADDRESS, BROWSER = "address", "browser"
BROWSER_LENGTH = 300
# a session is written for its last request so often and no more
NOTE_SECONDS = 60
# how long the way from the password to the code or the new second factor may take
HALF_WAY_SECONDS = 900
# a session, or what is stored of one
Facts = SessionBase | dict[str, Any]


class SessionGate:
    """Middleware: request.user is who has passed everything; request.half_user who still owes the second factor."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.half_user = None  # type: ignore[attr-defined]
        # the cookie first: to look into a session costs a query, and `Vary: Cookie` on the answer
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self._look(request)
        was_without = is_without_session(request)
        with acting_in(request):
            response = self.get_response(request)
        note_ended(request, response, was_without=was_without)
        return response

    def _look(self, request: HttpRequest) -> None:
        now = int(time.time())
        if has_ended(request.session, now):
            request.session.flush()
            request.user = AnonymousUser()
            return
        user: Any = request.user
        if not user.is_authenticated:
            return
        if not user.is_verified() and (find_second_factor(user) or is_required(user, request.path_info)):
            request.user = AnonymousUser()
            if session_age(request.session, now) > HALF_WAY_SECONDS:
                request.session.flush()
            else:
                request.half_user = user  # type: ignore[attr-defined]
            return
        if now - request.session.get(SEEN_AT, 0) >= NOTE_SECONDS:
            request.session[SEEN_AT] = now


def has_ended(session: Facts, now: int) -> bool:
    """Whether the session is older than SESSION_HOURS, or was left alone for SESSION_IDLE_MINUTES."""
    idle = now - session.get(SEEN_AT, 0)
    is_old = session_age(session, now) >= settings.SESSION_HOURS * 3600
    return bool(is_old or idle >= settings.SESSION_IDLE_MINUTES * 60 + NOTE_SECONDS)


def session_age(session: Facts, now: int) -> int:
    """Seconds since the password was given."""
    return now - int(session.get(LOGGED_IN_AT, 0))


@receiver(user_logged_in)
def begin_session(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    now = int(time.time())
    request.session[LOGGED_IN_AT] = request.session[SEEN_AT] = now
    request.session[ADDRESS] = client_address(request.META)
    request.session[BROWSER] = request.headers.get("User-Agent", "")[:BROWSER_LENGTH]
