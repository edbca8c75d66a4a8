"""The one place that opens Redis: short timeouts, and a pause after trouble so that nobody queues behind it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.errors import WxcodeError

KEY_PREFIX = "wxcode:"
CONNECT_TIMEOUT_SECONDS = 0.5
# Together with the connect time below two seconds; an overloaded machine was seen to need more than 0.8.
SOCKET_TIMEOUT_SECONDS = 1.2
# After a failure nobody tries again for this long: a request makes several Redis calls, and each would wait anew.
PAUSE_AFTER_FAILURE_SECONDS = 1.0


class CoordinationUnavailable(WxcodeError):
    """Redis does not answer."""

    code = "redis_unavailable"
    title = _("Redis is not responding")
    http_status = 503
    is_retryable = True


class _Pause:
    """Until when this process leaves Redis alone."""

    until = 0.0


@cache
def redis_connection() -> redis.Redis:
    """This process's Redis client; safe for threads. Use it inside `redis_errors()`."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        protocol=2,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        # one more try for a connection that a restarted server has closed, none after a timeout
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


@contextmanager
def redis_errors() -> Iterator[Any]:
    """The client (answers are bytes), with every Redis error turned into CoordinationUnavailable (503)."""
    if time.monotonic() < _Pause.until:
        raise _unavailable()
    try:
        yield redis_connection()
    except redis.RedisError as error:
        if isinstance(error, (redis.ConnectionError, redis.TimeoutError)):
            _Pause.until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        raise _unavailable() from error


def key(*parts: str | int) -> str:
    """A Redis key below our prefix; parts are ids, never secrets or tokens."""
    return KEY_PREFIX + ":".join(str(part) for part in parts)


def forget_trouble() -> None:
    """Try Redis again at once (for tests and for operators' commands)."""
    _Pause.until = 0.0


def _unavailable() -> CoordinationUnavailable:
    return CoordinationUnavailable(
        _("wxcode can’t reach Redis, which its processes use to coordinate."),
        advice=_("Try again in a few seconds. Operators: see /readyz and REDIS_URL."),
        retry_after=2,
    )
