"""Permits shared by all processes, paced by the Redis server's clock (GCRA: one number per pool, one round trip)."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.coordination.connection import key, redis_errors
from apps.coordination.counting import tally
from apps.coordination.scripts import run_now, server_seconds
from apps.errors import WxcodeError

# Answers microseconds to wait; negative: refused, come back after that many. Reserves its place when granted.
RESERVE = """
local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2])
local longest = tonumber(ARGV[3])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
if arrival < now then arrival = now end
local wait = arrival - now - interval * (burst - 1)
if wait < 0 then wait = 0 end
if wait > longest then return -wait end
local next = arrival + interval
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
-- what was granted in this calendar minute, for people to look at
local minute = KEYS[1] .. ':' .. math.floor(now / 60000000)
redis.call('INCR', minute)
redis.call('EXPIRE', minute, 120)
return wait
"""


# For work that can wait: places one after the other, no further ahead of now than ARGV[2], so whoever acquires with
# a burst goes first. Answers {microseconds until the first place, how many}; none: come back after that many.
RESERVE_AHEAD = """
local interval = tonumber(ARGV[1])
local ahead = tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
if arrival < now then arrival = now end
local first = arrival - now
if first > ahead then return {first - ahead, 0} end
local granted = math.min(tonumber(ARGV[3]), math.floor((ahead - first) / interval) + 1)
local next = arrival + interval * granted
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
local minute = KEYS[1] .. ':' .. math.floor(now / 60000000)
redis.call('INCRBY', minute, granted)
redis.call('EXPIRE', minute, 120)
return {first, granted}
"""


class PermitRefused(WxcodeError):
    """The pool has no permit within the time that the caller can wait."""

    code = "too_many_requests"
    title = _("Too many requests")
    http_status = 429
    is_retryable = True


def acquire_permit(
    pool: str,
    *,
    limit: int,
    period_seconds: float,
    burst: int,
    max_wait_seconds: float,
    pause: Callable[[float], object] = time.sleep,
) -> float:
    """Wait for one of `limit` permits per `period_seconds` of `pool`; answer the seconds waited.

    At most `burst` permits are given at one moment, so any window of the period sees at most `limit + burst`.
    Raises PermitRefused (429, `retry_after`) when the wait would exceed `max_wait_seconds`, CoordinationUnavailable.
    """
    interval = math.ceil(period_seconds * 1_000_000 / limit)
    with redis_errors() as redis:
        wait = int(run_now(redis, RESERVE, (key("permits", pool),), interval, burst, int(max_wait_seconds * 1_000_000)))
    tally("permits", pool, "given" if wait >= 0 else "refused")
    if wait < 0:
        seconds = max(math.ceil(-wait / 1_000_000 - max_wait_seconds), 1)
        raise PermitRefused(
            _("The call limit for this minute is reached."),
            advice=_("Repeat the request after %(seconds)d s.") % {"seconds": seconds},
            retry_after=seconds,
        )
    if wait:
        tally("permit_wait_seconds", pool, amount=wait / 1_000_000)
        pause(wait / 1_000_000)
    return wait / 1_000_000


@dataclass(frozen=True)
class Reservation:
    """Permits for moments to come, in seconds from now; `retry_seconds`: when to ask again if there is none."""

    waits: tuple[float, ...]
    retry_seconds: float = 0.0


def reserve_permits(pool: str, *, limit: int, period_seconds: float, count: int, ahead_seconds: float) -> Reservation:
    """Up to `count` permits of `pool` for work that can wait, evenly spaced, at most `ahead_seconds` from now.

    Never sleeps. Those who `acquire_permit` with a burst longer than `ahead_seconds` go before the next reservation,
    and while they take all that there is, nothing is left for this one. Raises CoordinationUnavailable.
    """
    interval = math.ceil(period_seconds * 1_000_000 / limit)
    with redis_errors() as redis:
        first, granted = run_now(
            redis, RESERVE_AHEAD, (key("permits", pool),), interval, int(ahead_seconds * 1_000_000), count
        )
    if not granted:
        return Reservation((), retry_seconds=first / 1_000_000)
    tally("permits", pool, "given", amount=granted)
    return Reservation(tuple((first + place * interval) / 1_000_000 for place in range(granted)))


def count_permits_this_minute(pool: str) -> int:
    """How many permits of `pool` were given in the present calendar minute. Raises CoordinationUnavailable."""
    return count_all_permits_this_minute([pool])[pool]


def count_all_permits_this_minute(pools: Iterable[str]) -> dict[str, int]:
    """The same for several pools, in two round trips however many."""
    wanted = list(pools)
    if not wanted:
        return {}
    with redis_errors() as redis:
        minute = int(server_seconds(redis) // 60)
        counts = redis.mget([key("permits", pool, minute) for pool in wanted])
    return {pool: int(count or 0) for pool, count in zip(wanted, counts, strict=True)}
