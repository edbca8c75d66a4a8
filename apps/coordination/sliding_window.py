"""A limit per sliding window, exact across processes: the moments of the last `limit` grants, by Redis's own clock."""

from dataclasses import dataclass

from apps.coordination.connection import key, redis_errors
from apps.coordination.scripts import run_now

# A list of the moments (microseconds) that still count, newest first; 9 bytes each. A refusal leaves no trace in it.
# Answers {whether granted, how many are left, microseconds until the oldest one stops to count}.
COUNT = """
local limit = tonumber(ARGV[1])
local period = tonumber(ARGV[2])
local oldest = tonumber(redis.call('LINDEX', KEYS[1], -1))
while oldest and oldest <= now - period do
    redis.call('RPOP', KEYS[1])
    oldest = tonumber(redis.call('LINDEX', KEYS[1], -1))
end
local used = redis.call('LLEN', KEYS[1])
if used >= limit then
    -- after a limit was lowered, that many must go before one is free
    oldest = tonumber(redis.call('LINDEX', KEYS[1], limit - 1))
    return {0, 0, oldest + period - now}
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(period / 1000) + 1000)
return {1, limit - used - 1, (oldest or now) + period - now}
"""


@dataclass(frozen=True)
class Count:
    """`seconds`: until one more is free, to the microsecond."""

    is_granted: bool
    remaining: int
    seconds: float


def count_one(name: str, *, limit: int, period_seconds: float) -> Count:
    """Counts one of at most `limit` in any `period_seconds`, or answers that it is refused.

    One round trip. Raises CoordinationUnavailable.
    """
    with redis_errors() as redis:
        granted, remaining, wait = run_now(redis, COUNT, (key("window", name),), limit, int(period_seconds * 1_000_000))
    return Count(bool(granted), int(remaining), wait / 1_000_000)


def forget_counted(name: str) -> None:
    """Begins `name` anew. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        redis.delete(key("window", name))
