"""Guessing passwords: who is counted together, and how long somebody who guessed wrong has to wait.

django-axes counts failures per name and address, in the database, so nobody locks an operator out from elsewhere.
Two wider limits in Redis are for guessing from many addresses and of many names; while Redis is away they rest.
"""

import contextlib
import hashlib
import ipaddress
import math
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.cookies import read_cookie, set_cookie
from apps.clients.addresses import client_address, parse_address
from apps.coordination.connection import CoordinationUnavailable
from apps.coordination.sliding_window import count_one, forget_counted

# logins per address and quarter of an hour, whatever the names; an office shares one
ADDRESS_LIMIT, ADDRESS_SECONDS = 50, 900
# logins per name and hour from browsers that never logged in as it (OWASP ASVS 2.2.1: at most 100)
NAME_LIMIT, NAME_SECONDS = 100, 3600
KNOWN_BROWSER_COOKIE = "wxcode_known"
KNOWN_BROWSER_DAYS = 90
SALT = "wxcode.accounts.known-browser"


def address_of(request: HttpRequest) -> str | None:
    """The address that axes counts: the client's behind trusted proxies, for IPv6 its /64, None if there is none."""
    parsed = parse_address(client_address(request.META))
    if parsed is None:
        return None
    if parsed.version == 6:
        # one customer has a whole /64, so each of its addresses would be a fresh start
        return str(ipaddress.ip_network((int(parsed), 64), strict=False).network_address)
    return str(parsed)


def count_attempt(request: HttpRequest, username: str) -> int:
    """Counts an attempt to log in as `username`; the seconds to wait, 0 if it may go on."""
    try:
        by_address = count_one(
            f"login:address:{address_of(request)}", limit=ADDRESS_LIMIT, period_seconds=ADDRESS_SECONDS
        )
        if not by_address.is_granted:
            return math.ceil(by_address.seconds)
        if is_known_browser(request, username):
            # a stranger who spends the limit of the name does not spend this one
            return 0
        by_name = count_one(_name_window(username), limit=NAME_LIMIT, period_seconds=NAME_SECONDS)
        return 0 if by_name.is_granted else math.ceil(by_name.seconds)
    except CoordinationUnavailable:
        return 0


def forget_name(username: str) -> None:
    """Begins the count of `username` anew; nothing happens while Redis is away, because it does not count then."""
    with contextlib.suppress(CoordinationUnavailable):
        forget_counted(_name_window(username))


def find_wait(request: HttpRequest, username: str) -> int:
    """The seconds until axes forgets the newest failure of `username` from this address."""
    cooloff: timedelta = settings.AXES_COOLOFF_TIME
    failures = AccessAttempt.objects.filter(username=username, ip_address=address_of(request))
    newest = failures.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    if newest is None:
        return int(cooloff.total_seconds())
    left: timedelta = newest + cooloff - timezone.now()
    return max(1, math.ceil(left.total_seconds()))


def remember_browser(response: HttpResponse, username: str) -> None:
    """Marks the browser that gets `response` as one in which `username` has logged in."""
    signed = signing.dumps(_digest(username), salt=SALT)
    set_cookie(response, KNOWN_BROWSER_COOKIE, signed, max_age=timedelta(days=KNOWN_BROWSER_DAYS))


def is_known_browser(request: HttpRequest, username: str) -> bool:
    written = read_cookie(request, KNOWN_BROWSER_COOKIE)
    try:
        known: Any = signing.loads(written, salt=SALT, max_age=timedelta(days=KNOWN_BROWSER_DAYS))
    except signing.BadSignature:
        return False
    return bool(known == _digest(username))


def _name_window(username: str) -> str:
    return f"login:name:{_digest(username)}"


def _digest(username: str) -> str:
    # people type passwords into the field for the name: it goes into no key and no cookie
    return hashlib.sha256(username.encode("utf-8", "replace")).hexdigest()[:32]
