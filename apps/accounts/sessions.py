"""Where an account is logged in: Django keeps sessions by their own key alone, so all that live are looked through."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone


def count_other_sessions(request: HttpRequest, user: Any) -> int:
    return sum(1 for _session in _others(request, user))


def end_other_sessions(request: HttpRequest, user: Any) -> int:
    """Ends every session of `user` but this one; how many there were."""
    keys = [session.session_key for session in _others(request, user)]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def end_sessions(user: Any) -> int:
    """Ends every session of `user`; how many there were."""
    keys = [session.session_key for session in _sessions(user)]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _others(request: HttpRequest, user: Any) -> Iterator[Session]:
    return (session for session in _sessions(user) if session.session_key != request.session.session_key)


def _sessions(user: Any) -> Iterator[Session]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            yield session
