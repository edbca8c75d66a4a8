"""Requests that their sender may repeat: for a day, a key names one content and one result, whichever process is asked.

A process that dies between the end of the work and the note of its result leaves no result here: what must not be done
twice stores the name of the request with its result (`apps.batches.ordering`).
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from django.utils.translation import gettext_lazy as _

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.coordination.single_flight import WaitedTooLong, single_flight
from apps.errors import WxcodeError

logger = logging.getLogger(__name__)

KEPT_SECONDS = 86_400
# longer than any work takes; only a process that died leaves a claim without a result
CLAIM_SECONDS = 900
# A repeated request waits for the first one this long, then it is told to come back.
WAIT_SECONDS = 8.0
RETRY_SECONDS = 2
DONE = "done"

# The note is `fingerprint:result`, without a result while the work goes on. Answers the note that was there.
CLAIM = """
local note = redis.call('GET', KEYS[1])
if not note then redis.call('SET', KEYS[1], ARGV[1] .. ':', 'EX', ARGV[2]) end
return note
"""
KEEP = """
local note = redis.call('GET', KEYS[1])
if note and note ~= ARGV[1] .. ':' then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'EX', ARGV[3])
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] .. ':' then return redis.call('DEL', KEYS[1]) end return 0"


class KeyReused(WxcodeError):
    """The key was used within a day for a request with other content."""

    code = "idempotency_key_reused"
    title = _("The Idempotency-Key belongs to another request")
    http_status = 422


class StillWorking(WxcodeError):
    """The request with this key is being worked on."""

    code = "idempotency_in_progress"
    title = _("The first request is still running")
    http_status = 409
    is_retryable = True


@dataclass(frozen=True)
class Repeatable:
    """`owner` says whose key it is, `fingerprint` (hex) is equal for equal content."""

    owner: str
    key: str
    fingerprint: str

    @property
    def name(self) -> str:
        # a digest, because callers put anything into their keys
        return f"{self.owner}:{sha256(self.key.encode()).hexdigest()[:40]}"


def run_once(request: Repeatable, work: Callable[[], str]) -> tuple[str, bool]:
    """The result of `work`, done once a day per key, and whether it had been done before.

    Whoever repeats the request meanwhile waits for it. What fails leaves the key free.
    Raises KeyReused, StillWorking, CoordinationUnavailable, and whatever `work` raises.
    """
    is_done_here = False

    def lead() -> str:
        nonlocal is_done_here
        with _released_on_failure(request):
            result = work()
        is_done_here = True
        _keep(request, result)
        return result

    try:
        result = single_flight(
            f"idempotency:{request.name}",
            lead=lead,
            ready=lambda: _claim(request) or None,
            lease_seconds=CLAIM_SECONDS,
            wait_seconds=WAIT_SECONDS,
        )
    except WaitedTooLong as error:
        raise StillWorking(
            _("A request with this Idempotency-Key is still being processed."),
            advice=_("Send the same request again after %(seconds)d s to get the result of the first one.")
            % {"seconds": RETRY_SECONDS},
            retry_after=RETRY_SECONDS,
        ) from error
    return result, not is_done_here


@contextmanager
def guarded(request: Repeatable) -> Iterator[bool]:
    """For work that gives the same result when repeated: refuses the key to other content, and no more.

    Gives whether it was done before. Without Redis the work is simply done. Raises KeyReused.
    """
    try:
        is_repeated = bool(_claim(request))
    except CoordinationUnavailable:
        yield False
        return
    with _released_on_failure(request):
        yield is_repeated
    _keep(request, DONE)


def _claim(request: Repeatable) -> str:
    """The result of the finished request, empty if there is none yet. Raises KeyReused, CoordinationUnavailable."""
    with redis_errors() as redis:
        note = redis.eval(CLAIM, 1, _place(request), request.fingerprint, CLAIM_SECONDS)
    fingerprint, _colon, result = (note or b"").decode().partition(":")
    if note is not None and fingerprint != request.fingerprint:
        raise key_reused()
    return result


def key_reused() -> KeyReused:
    """The error for a key that came with other content."""
    return KeyReused(
        _("This Idempotency-Key was already used for a different request."),
        advice=_("Use a new key for each new request; to retry, send the same key and the same content."),
    )


@contextmanager
def _released_on_failure(request: Repeatable) -> Iterator[None]:
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if not is_done:
            _note(request, RELEASE)


def _keep(request: Repeatable, result: str) -> None:
    _note(request, KEEP, result, KEPT_SECONDS)


def _note(request: Repeatable, script: str, *values: str | int) -> None:
    """The work itself is done or has failed by now: Redis's absence changes nothing about that."""
    try:
        with redis_errors() as redis:
            redis.eval(script, 1, _place(request), request.fingerprint, *values)
    except CoordinationUnavailable:
        logger.warning("the result for an Idempotency-Key of %s is not remembered: Redis is away", request.owner)


def _place(request: Repeatable) -> str:
    return key("idempotency", request.name)
