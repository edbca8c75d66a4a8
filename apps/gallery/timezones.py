"""The reader's time zone, which gallery.js puts into a cookie."""

import zoneinfo
from functools import lru_cache

from django.http import HttpRequest
from django.utils import timezone

COOKIE_NAME = "wxcode_timezone"


def find_timezone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """The zone of the reader's browser, or the one of the TIME_ZONE setting while it is not known."""
    name = request.COOKIES.get(COOKIE_NAME, "").replace("%2F", "/")
    return zoneinfo.ZoneInfo(name if name in _known_names() else timezone.get_default_timezone_name())


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    # some ten thousand files are looked at
    return frozenset(zoneinfo.available_timezones())
