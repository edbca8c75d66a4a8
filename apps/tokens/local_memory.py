"""What one process remembers of tokens for the minutes in which Redis is away."""

import threading
import time
from dataclasses import dataclass, field

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.tokens import policy
from apps.tokens.sources import SOURCES, mode_of
from apps.tokens.store import TokenRecord

OWN_FETCH_GAP_SECONDS = 60.0
# How long a request waits for a fetch that another thread makes alone.
OWN_FETCH_WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class UsableToken:
    """A token that may be sent to WeChat now; `expires_at`, its end if nobody refreshes it, in Unix seconds."""

    value: str = field(repr=False)
    expires_at: float
    source: str
    fetched_at: float

    @classmethod
    def of(cls, record: TokenRecord) -> "UsableToken":
        """The current token of the record."""
        return cls(record.value, record.expires_at, record.source, record.fetched_at)

    @classmethod
    def before(cls, record: TokenRecord) -> "UsableToken":
        """The token before it, which lives no longer than its window."""
        return cls(record.previous_value, record.previous_until, record.source, record.fetched_at)

    def promised_until(self, now: float) -> float:
        """Until when whoever is handed it `now` can keep it."""
        return policy.promised_until(
            token_mode=mode_of(self.source), fetched_at=self.fetched_at, expires_at=self.expires_at, now=now
        )

    def expires_in(self, now: float) -> int:
        """The whole seconds until then; never more than a token lives, should the clock be set this moment."""
        return min(max(int(self.promised_until(now) - now), 0), int(policy.LONGEST_LIFE_SECONDS))


_last_known: dict[str, UsableToken] = {}
_own_fetch_at: dict[str, float] = {}
# one for each mini-program: nobody waits for the fetch of another
_own_fetch_locks: dict[str, threading.Lock] = {}


def remember(appid: str, token: UsableToken) -> None:
    """Keep the newest token seen, for the time when Redis is away."""
    _last_known[appid] = token


def forget(appid: str) -> None:
    """Drop what is remembered of `appid`."""
    _last_known.pop(appid, None)
    _own_fetch_at.pop(appid, None)


def recall(appid: str, *, rejected: str | None, now: float) -> UsableToken | None:
    """The last token seen, while it lives and is not the rejected one."""
    token = _last_known.get(appid)
    if token is None or token.value == rejected:
        return None
    seconds = token.expires_at - now
    longest = policy.LONGEST_LIFE_SECONDS + policy.CLOCK_TOLERANCE_SECONDS
    return token if policy.LAST_USABLE_SECONDS < seconds <= longest else None


def token_without_redis(
    miniprogram: MiniProgram, *, rejected: str | None, unavailable: CoordinationUnavailable
) -> UsableToken:
    """The best token that this process can serve alone.

    The last one it saw; else, in stable mode, one that it fetches itself (idempotent at WeChat), at most
    once a minute and process. Otherwise raises `unavailable` (503): in classic mode a fetch that nobody
    coordinates would knock out everybody else's token.
    """
    appid = miniprogram.appid
    token = recall(appid, rejected=rejected, now=time.time())
    if token is not None:
        return token
    may_fetch = miniprogram.is_active and not miniprogram.is_refresh_paused and rejected is None
    if miniprogram.token_mode != TokenMode.STABLE or not may_fetch:
        raise unavailable
    lock = _own_fetch_locks.setdefault(appid, threading.Lock())
    if not lock.acquire(timeout=OWN_FETCH_WAIT_SECONDS):
        raise unavailable
    try:
        token = recall(appid, rejected=None, now=time.time())
        return token if token is not None else _fetch_alone(miniprogram, unavailable)
    finally:
        lock.release()


def _fetch_alone(miniprogram: MiniProgram, unavailable: CoordinationUnavailable) -> UsableToken:
    appid = miniprogram.appid
    if time.monotonic() - _own_fetch_at.get(appid, float("-inf")) < OWN_FETCH_GAP_SECONDS:
        raise unavailable
    _own_fetch_at[appid] = time.monotonic()
    fetched = SOURCES[TokenMode.STABLE](miniprogram, None)
    token = UsableToken(fetched.token.value, fetched.expires_at, TokenMode.STABLE, fetched.sent_at)
    remember(appid, token)
    return token
