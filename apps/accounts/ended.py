"""A browser whose session has ended is told so at the login, though the session's own cookie is gone by then."""

from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.cookies import delete_cookie, read_cookie, set_cookie

ENDED_COOKIE = "wxcode_ended"
# `lost` in an address, by a form that could not take all that was entered along (apps/gallery/new_batch.py)
LOST = {"all", "text"}


def is_without_session(request: HttpRequest) -> bool:
    """Whether the browser shows the cookie of a session that is no more."""
    return bool(request.COOKIES.get(settings.SESSION_COOKIE_NAME)) and SESSION_KEY not in request.session


def note_ended(request: HttpRequest, response: HttpResponseBase, *, was_without: bool) -> None:
    """Remembers that a session has ended, until somebody is logged in."""
    is_noted = bool(read_cookie(request, ENDED_COOKIE))
    if not (was_without or is_noted):
        return
    if SESSION_KEY in request.session:
        if is_noted:
            delete_cookie(response, ENDED_COOKIE)
    elif not is_noted:
        set_cookie(response, ENDED_COOKIE, "1")


def has_ended_session(request: HttpRequest) -> bool:
    """Whether the reader of the login had a session before."""
    return bool(read_cookie(request, ENDED_COOKIE)) or is_without_session(request)


def keeps_what_was_entered(address: str) -> bool:
    """Whether `address`, where the login leads, carries a form or the words of a search."""
    query = parse_qs(urlsplit(address).query)
    return bool(query) and not LOST & set(query.get("lost", ()))
