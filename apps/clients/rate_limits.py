"""How fast a key may ask: requests per minute, shared by all processes, told on every answer."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.clients.caller import Caller
from apps.clients.errors import RateLimitExceeded
from apps.coordination.connection import CoordinationUnavailable
from apps.coordination.sliding_window import count_one

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 60
HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
# Requests with a key that nobody has, per address and minute. Keys of 262 bits are not guessed: this is for the noise.
WRONG_KEYS = 60
WARN_EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class RateStanding:
    """Where a key stands after this request; `reset` is the whole seconds until one more request is free."""

    limit: int
    remaining: int
    reset: int
    is_granted: bool

    @property
    def headers(self) -> list[tuple[str, str]]:
        told = zip(HEADERS, (self.limit, self.remaining, self.reset), strict=True)
        return [(name, str(value)) for name, value in told]


class _Warned:
    """When this process last said that limits cannot be kept."""

    at = -math.inf


def find_standing(caller: Caller) -> RateStanding | None:
    """Counts one request of `caller`; None if it has no limit, which costs nothing. Raises CoordinationUnavailable."""
    if caller.rate_limit is None or caller.client_id is None:
        return None
    count = count_one(f"client:{caller.client_id}", limit=caller.rate_limit, period_seconds=PERIOD_SECONDS)
    return RateStanding(caller.rate_limit, count.remaining, math.ceil(count.seconds), count.is_granted)


def count_request(request: HttpRequest, caller: Caller) -> None:
    """Counts `request` against the limit of its caller, and leaves on it what its answer has to tell.

    Without Redis nobody is refused, because a limit is a courtesy and a refusal an outage. Raises RateLimitExceeded.
    """
    try:
        standing = find_standing(caller)
    except CoordinationUnavailable:
        _warn()
        return
    if standing is None:
        return
    request.rate_standing = standing  # type: ignore[attr-defined]
    if not standing.is_granted:
        raise RateLimitExceeded(
            _("This API key has used its %(limit)d requests for this minute.") % {"limit": standing.limit},
            advice=_("Retry after %(seconds)d s. An operator can raise the limit in the admin.")
            % {"seconds": standing.reset},
            retry_after=standing.reset,
        )


def count_wrong_key(address: str) -> None:
    """Counts a request with a key that nobody has. Right keys from that address go on. Raises RateLimitExceeded."""
    try:
        count = count_one(f"wrong-keys:{address}", limit=WRONG_KEYS, period_seconds=PERIOD_SECONDS)
    except CoordinationUnavailable:
        _warn()
        return
    if count.is_granted:
        return
    wait = math.ceil(count.seconds)
    raise RateLimitExceeded(
        _("Too many requests with an invalid key from this address."),
        advice=_("Check the key, and repeat the request after %(seconds)d s.") % {"seconds": wait},
        retry_after=wait,
    )


class RateLimitHeaders:
    """Middleware: the answer to a counted request tells the limit, what is left, and the seconds to wait."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        standing: RateStanding | None = getattr(request, "rate_standing", None)
        if standing is not None:
            for name, value in standing.headers:
                response[name] = value
            # also where the shape of the answer is WeChat's or an older service's
            if not standing.is_granted:
                response["Retry-After"] = str(standing.reset)
        return response


def _warn() -> None:
    now = time.monotonic()
    if now - _Warned.at >= WARN_EVERY_SECONDS:
        _Warned.at = now
        logger.warning("Redis does not answer: the rate limits of API keys are not kept until it does")
