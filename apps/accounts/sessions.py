"""Where an account is logged in: Django keeps sessions by their own key alone, so all that live are looked through."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_noop
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.browsers import browser_in_short
from apps.accounts.gate import ADDRESS, BROWSER, LOGGED_IN_AT, SEEN_AT, has_ended
from apps.accounts.models import SecurityNotice
from apps.accounts.notices import tell_holder
from apps.accounts.records import record_change
from apps.accounts.second_factor import find_second_factor

SALT = "wxcode.accounts.sessions"
Row = tuple[Session, dict[str, Any]]


@dataclass(frozen=True)
class OwnSession:
    """One session as its holder sees it; `name` leads back to it, and opens nothing."""

    name: str
    began_at: datetime
    # about: it is noted once a minute
    seen_at: datetime
    browser: str
    address: str
    is_this_one: bool
    # the password was given and the code was not
    is_half: bool


def list_sessions(request: HttpRequest, user: Any) -> list[OwnSession]:
    """Those that still open something: this one, then those that were used last."""
    has_device = find_second_factor(user) is not None
    found = [
        OwnSession(
            name=_name(session),
            began_at=_moment(facts[LOGGED_IN_AT]),
            seen_at=_moment(facts[SEEN_AT]),
            browser=browser_in_short(facts.get(BROWSER, "")),
            address=facts.get(ADDRESS, ""),
            is_this_one=session.session_key == request.session.session_key,
            is_half=has_device and DEVICE_ID_SESSION_KEY not in facts,
        )
        for session, facts in _sessions(user)
        if _is_open(facts, user)
    ]
    return sorted(found, key=lambda each: (not each.is_this_one, -each.seen_at.timestamp()))


def end_session(request: HttpRequest, user: Any, name: str) -> int:
    """Ends the one session of `user` that is called `name`, never this very one; how many there were."""
    named = [(session, facts) for session, facts in _others(request, user) if _name(session) == name]
    return _end(user, named, gettext_noop("Logged out another session."))


def end_other_sessions(request: HttpRequest, user: Any) -> int:
    """Ends every session of `user` but this one; how many there were."""
    return _end(user, list(_others(request, user)), gettext_noop("Logged out everywhere else."))


def end_sessions(user: Any) -> int:
    """Ends every session of `user`; how many there were. Whoever calls it puts it on record."""
    return _end(user, list(_sessions(user)))


def _end(user: Any, sessions: list[Row], record: str = "") -> int:
    open_ones = sum(1 for _session, facts in sessions if _is_open(facts, user))
    with transaction.atomic():
        Session.objects.filter(session_key__in=[session.session_key for session, _facts in sessions]).delete()
        if open_ones:
            tell_holder(user, SecurityNotice.Kind.SESSIONS_ENDED, count=open_ones)
            if record:
                record_change(user, record)
    return open_ones


def _others(request: HttpRequest, user: Any) -> Iterator[Row]:
    return (row for row in _sessions(user) if row[0].session_key != request.session.session_key)


def _sessions(user: Any) -> Iterator[Row]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        facts = session.get_decoded()
        if facts.get(SESSION_KEY) == str(user.pk):
            yield session, facts


def _is_open(facts: dict[str, Any], user: Any) -> bool:
    # one with an older password, or left alone too long, is refused, and its row goes when it comes again
    has_password = constant_time_compare(facts.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return has_password and not has_ended(facts, int(time.time()))


def _name(session: Session) -> str:
    # whoever knows the key of a session has the session, so it is on no page
    return salted_hmac(SALT, session.session_key, algorithm="sha256").hexdigest()[:32]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
