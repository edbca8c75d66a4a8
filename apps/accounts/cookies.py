"""The cookies that a browser gets here beside Django's own: with its prefix, its path and out of reach of scripts."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def read_cookie(request: HttpRequest, name: str) -> str:
    """The value that the browser sent, empty if it sent none."""
    return str(request.COOKIES.get(settings.COOKIE_PREFIX + name, ""))


def set_cookie(response: HttpResponseBase, name: str, value: str, *, max_age: timedelta | None = None) -> None:
    """Without `max_age` the browser keeps it until it is closed."""
    response.set_cookie(
        settings.COOKIE_PREFIX + name,
        value,
        max_age=max_age,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
        path=settings.SESSION_COOKIE_PATH,
    )


def delete_cookie(response: HttpResponseBase, name: str) -> None:
    response.delete_cookie(settings.COOKIE_PREFIX + name, path=settings.SESSION_COOKIE_PATH, samesite="Lax")
