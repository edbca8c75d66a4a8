"""Single flight: one process does the work, all others take its result; a lease that expires guards against death."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.coordination.leases import LOCK_SECONDS, renewed
from apps.errors import WxcodeError
from apps.retold import retold

T = TypeVar("T")
FIRST_POLL_SECONDS = 0.02
LONGEST_POLL_SECONDS = 0.25
# Long enough for a follower between two polls to learn why its leader failed.
FAILURE_KEPT_MS = 5_000
# Beyond the time between a look for the result and the lock that follows it.
ENDED_KEPT_MS = 10_000
# Answers 0: somebody else leads; 1: the lead is ours; 2: ours, but another one has ended a moment ago.
ACQUIRE = """
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
return 1 + redis.call('EXISTS', KEYS[2])
"""
# Also leaves word that a leader has ended, whether or not the lock was still its own.
RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
"""

_flights: dict[str, "Future[None]"] = {}
_flights_lock = threading.Lock()


class WaitedTooLong(WxcodeError):
    """Somebody else is doing the same work and was not done in time."""

    code = "waited_too_long"
    title = _("Still in progress")
    http_status = 503
    is_retryable = True


class SharedFailure(WxcodeError):
    """The failure of the process that did the work, as its followers see it: same code, status and facts."""

    def __init__(self, problem: dict[str, Any], retry_after: int | None) -> None:
        super().__init__(
            # the process that did the work spoke the language of its own caller
            retold(problem["detail"]),
            advice=retold(problem.get("advice", "")),
            errcode=problem.get("errcode"),
            rid=problem.get("rid"),
            errors=problem.get("errors"),
            retry_after=retry_after,
        )
        self.code = problem["code"]
        self.title = retold(problem["title"])
        self.http_status = problem["status"]
        self.is_retryable = retry_after is not None


def single_flight(
    name: str,
    *,
    lead: Callable[[], T],
    ready: Callable[[], T | None],
    lease_seconds: float,
    wait_seconds: float = 5.0,
    before_wait: Callable[[], object] = lambda: None,
) -> T:
    """The value of `ready()` if there is one, else of `lead()`, which runs in one process at a time per `name`.

    `ready` looks where `lead` leaves its result and is asked again after every wait. A leader that dies is
    replaced within LOCK_SECONDS, one that lives keeps the lead for at most `lease_seconds`, which must
    outlast `lead`. A failing leader's WxcodeError reaches everybody who waited for it. Whoever has to wait calls
    `before_wait` first, to give back what others need meanwhile.

    Raises WaitedTooLong after `wait_seconds`, CoordinationUnavailable, and whatever `lead` and `ready` raise.
    """
    deadline = time.monotonic() + wait_seconds
    while True:
        looked_at = time.monotonic()
        value = ready()
        if value is not None:
            return value
        flight, is_first = _join_local_flight(name)
        if is_first:
            return _fly(name, flight, lead, ready, before_wait, lease_seconds, looked_at, deadline)
        before_wait()
        try:
            # the threads of one process wait for each other here and cost Redis nothing
            flight.result(timeout=max(deadline - time.monotonic(), 0.001))
        except FutureTimeout:
            raise _waited_too_long() from None
        except WaitedTooLong:
            # it began to wait before this thread did
            if time.monotonic() >= deadline:
                raise


def _join_local_flight(name: str) -> tuple["Future[None]", bool]:
    with _flights_lock:
        flight = _flights.get(name)
        if flight is not None:
            return flight, False
        flight = _flights[name] = Future()
        return flight, True


def _fly(
    name: str,
    flight: "Future[None]",
    lead: Callable[[], T],
    ready: Callable[[], T | None],
    before_wait: Callable[[], object],
    lease_seconds: float,
    looked_at: float,
    deadline: float,
) -> T:
    try:
        value = _lead_or_follow(name, lead, ready, before_wait, lease_seconds, looked_at, deadline)
    except BaseException as error:
        _land(name, flight, error)
        raise
    _land(name, flight, None)
    return value


def _land(name: str, flight: "Future[None]", error: BaseException | None) -> None:
    with _flights_lock:
        del _flights[name]
    if isinstance(error, Exception):
        flight.set_exception(error)
    else:
        # an interrupted leader says nothing about the work: its followers look again
        flight.set_result(None)


def _lead_or_follow(
    name: str,
    lead: Callable[[], T],
    ready: Callable[[], T | None],
    before_wait: Callable[[], object],
    lease_seconds: float,
    looked_at: float,
    deadline: float,
) -> T:
    owner = secrets.token_hex(16)
    lock = key("flight", name)
    while time.monotonic() < deadline:
        with redis_errors() as redis:
            lock_ms = int(LOCK_SECONDS * 1000)
            standing = int(redis.eval(ACQUIRE, 2, lock, _ended(lock), owner, lock_ms))
        if standing:
            # the previous leader may have finished between our look and our lock
            is_fresh = standing == 1 and time.monotonic() - looked_at < ENDED_KEPT_MS / 2000
            return _lead(lock, owner, lead, None if is_fresh else ready, lease_seconds)
        before_wait()
        looked_at = time.monotonic()
        value = _follow(lock, ready, before_wait, deadline)
        if value is not None:
            return value
    raise _waited_too_long()


def _lead(
    lock: str, owner: str, lead: Callable[[], T], ready: Callable[[], T | None] | None, lease_seconds: float
) -> T:
    try:
        value = ready() if ready is not None else None
        if value is not None:
            return value
        with renewed(lock, owner, lease_seconds):
            return lead()
    except WxcodeError as error:
        _publish_failure(lock, owner, error)
        raise
    finally:
        _release(lock, owner)


def _follow(lock: str, ready: Callable[[], T | None], before_wait: Callable[[], object], deadline: float) -> T | None:
    """Wait for the present leader: its result, its failure raised, or None once the lock is free again."""
    poll = FIRST_POLL_SECONDS
    with redis_errors() as redis:
        leader = redis.get(lock)
    while leader is not None and time.monotonic() < deadline:
        time.sleep(poll)
        poll = min(poll * 1.5, LONGEST_POLL_SECONDS)
        with redis_errors() as redis:
            current = redis.get(lock)
        if current == leader and poll < LONGEST_POLL_SECONDS:
            # hundreds may be waiting: they ask for the result itself when it is likely there
            continue
        value = ready()
        if value is not None:
            return value
        if current != leader:
            _raise_failure(lock, leader)
            return None
        before_wait()
    return None


def _raise_failure(lock: str, leader: bytes) -> None:
    with redis_errors() as redis:
        failure = redis.get(f"{lock}:{leader.decode()}")
    if failure is not None:
        raise SharedFailure(**json.loads(failure))


def _publish_failure(lock: str, owner: str, error: WxcodeError) -> None:
    failure = json.dumps({"problem": error.as_problem(), "retry_after": error.retry_after})
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        redis.set(f"{lock}:{owner}", failure, px=FAILURE_KEPT_MS)


def _release(lock: str, owner: str) -> None:
    # without Redis the lease ends by itself, and the result of the work still counts
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        redis.eval(RELEASE, 2, lock, _ended(lock), owner, ENDED_KEPT_MS)


def _ended(lock: str) -> str:
    return f"{lock}:ended"


def _waited_too_long() -> WaitedTooLong:
    return WaitedTooLong(
        _("Another process is doing the same work and has not finished."),
        advice=_("Try again in a moment."),
        retry_after=2,
    )
