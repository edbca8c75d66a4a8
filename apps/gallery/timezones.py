"""The reader's time zone, which zone.js puts into a cookie, on every page of the gallery and the admin."""

import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

COOKIE_NAME = "wxcode_timezone"
# what programs read does not depend on a cookie
PROGRAMS = ("/api/", "/wechat/", "/metrics")
API_DOCS = "/api/docs/"


class ReaderTimezone:
    """Middleware: dates are read and written in the reader's zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(PROGRAMS) and not path.startswith(API_DOCS):
            return self.get_response(request)
        with timezone.override(find_timezone(request)):
            return self.get_response(request)


def find_timezone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The zone of the reader's browser, or the one of the TIME_ZONE setting while it is not known."""
    name = request.COOKIES.get(COOKIE_NAME, "").replace("%2F", "/")
    return zoneinfo.ZoneInfo(name if name in _known_names() else timezone.get_default_timezone_name())


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    # some ten thousand files are looked at
    return frozenset(zoneinfo.available_timezones())
