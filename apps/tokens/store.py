"""The token record in Redis: one hash per appid, written by one atomic script, and the set of those due."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.coordination.connection import key, redis_errors
from apps.coordination.own_connection import read_alone
from apps.tokens import policy

FIELDS = ("value", "expires_at", "previous_value", "previous_until", "version", "source", "fetched_at")
DUE = key("tokens", "due")
# A refresh that was claimed and then lost with its worker is due again after this.
CLAIM_SECONDS = 60.0

# Refuses if the record is no longer the one that the writer saw before it asked WeChat (ARGV[1] its version);
# one that a flush has taken away in the meantime says nothing against the new token.
# A replaced value stays as the previous one, unless WeChat has rejected it (ARGV[7] = 1).
WRITE = """
local seen = redis.call('HMGET', KEYS[1], 'version', 'value', 'expires_at')
local version = seen[1] or '0'
if seen[1] and version ~= ARGV[1] then return 0 end
local now = tonumber(ARGV[5])
if seen[2] and seen[2] ~= ARGV[2] then
  local till = math.min(tonumber(seen[3]), now + tonumber(ARGV[6]))
  if ARGV[7] == '1' or till <= now then
    redis.call('HDEL', KEYS[1], 'previous_value', 'previous_until')
  else
    redis.call('HSET', KEYS[1], 'previous_value', seen[2], 'previous_until', string.format('%.3f', till))
  end
end
local next = math.max(tonumber(version) + 1, math.floor(now * 1000))
redis.call('HSET', KEYS[1], 'value', ARGV[2], 'expires_at', ARGV[3], 'source', ARGV[4], 'fetched_at', ARGV[5],
           'version', string.format('%.0f', next))
redis.call('PEXPIREAT', KEYS[1], math.ceil(tonumber(ARGV[3]) * 1000) + 60000)
return 1
"""

# Takes the due ones and moves them ahead in the same step, so that two beats never take the same one.
CLAIM = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, appid in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], appid) end
return due
"""
PLAN = """
local due_at = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]) or '0')
if due_at > tonumber(ARGV[3]) and due_at <= tonumber(ARGV[4]) then return end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
"""
CLAIM_ONE = """
local due_at = redis.call('ZSCORE', KEYS[1], ARGV[3])
if not due_at or tonumber(due_at) > tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
return 1
"""


@dataclass(frozen=True)
class TokenRecord:
    """What the store knows about one mini-program's token; times in Unix seconds."""

    value: str = field(repr=False)
    expires_at: float
    version: int
    source: str
    fetched_at: float
    previous_value: str = field(default="", repr=False)
    previous_until: float = 0.0

    def is_usable(self, now: float) -> bool:
        is_from_the_future = self.fetched_at > now + policy.CLOCK_TOLERANCE_SECONDS
        return now < self.expires_at - policy.LAST_USABLE_SECONDS and not is_from_the_future

    def is_previous(self, value: str, now: float) -> bool:
        """Whether `value` is the token before this one, within its window."""
        return bool(value) and value == self.previous_value and now < self.previous_until

    def expires_in(self, now: float) -> int:
        return max(int(self.expires_at - now), 0)


def find_record(appid: str) -> TokenRecord | None:
    """The stored record, usable or not. Raises CoordinationUnavailable."""
    return _read_record(read_alone("HMGET", _record_key(appid), *FIELDS))


def find_records(appids: Iterable[str]) -> dict[str, TokenRecord]:
    """Several records in one round trip, those that exist. Raises CoordinationUnavailable."""
    wanted = list(appids)
    with redis_errors() as redis:
        pipeline = redis.pipeline(transaction=False)
        for appid in wanted:
            pipeline.hmget(_record_key(appid), FIELDS)
        answers = pipeline.execute()
    found = {appid: _read_record(values) for appid, values in zip(wanted, answers, strict=True)}
    return {appid: record for appid, record in found.items() if record is not None}


def write_record(
    appid: str,
    *,
    value: str,
    expires_at: float,
    source: str,
    now: float,
    seen_version: int,
    is_old_rejected: bool,
) -> bool:
    """Replace the record if it is still the one with `seen_version` (0: none); answer whether it was.

    A slow, older answer therefore never replaces a newer token. Raises CoordinationUnavailable.
    """
    with redis_errors() as redis:
        written = redis.eval(
            WRITE,
            1,
            _record_key(appid),
            str(seen_version),
            value,
            f"{expires_at:.3f}",
            source,
            f"{now:.3f}",
            str(policy.PREVIOUS_SERVED_SECONDS),
            "1" if is_old_rejected else "0",
        )
    return bool(written)


def drop_record(appid: str) -> None:
    """Forget the token, for a mini-program that is gone or has changed its identity."""
    with redis_errors() as redis:
        redis.delete(_record_key(appid))


def set_due(appid: str, due_at: float) -> None:
    """Have the refresher look at `appid` at `due_at`."""
    with redis_errors() as redis:
        redis.zadd(DUE, {appid: due_at})


def plan_next(appid: str, due_at: float, *, asked_since: float, now: float) -> None:
    """Have the refresher look again at `due_at`, but at once if somebody has asked for that since `asked_since`.

    A mini-program that is changed during a fetch is fetched for once more, as it is now.
    """
    with redis_errors() as redis:
        redis.eval(PLAN, 1, DUE, str(due_at), appid, str(asked_since), str(now))


def forget_due(appid: str) -> None:
    with redis_errors() as redis:
        redis.zrem(DUE, appid)


def find_due_at(appids: Iterable[str]) -> dict[str, float]:
    """When the refresher will look at each of `appids`, those that it knows."""
    wanted = list(appids)
    if not wanted:
        return {}
    with redis_errors() as redis:
        scores = redis.zmscore(DUE, wanted)
    return {appid: score for appid, score in zip(wanted, scores, strict=True) if score is not None}


def claim_due(*, now: float, limit: int) -> dict[str, float]:
    """Take up to `limit` appids that are due at `now`; nobody else gets them before the times in the answer."""
    until = now + CLAIM_SECONDS
    with redis_errors() as redis:
        due = redis.eval(CLAIM, 1, DUE, str(now), str(until), limit)
    return {appid.decode(): until for appid in due}


def claim(appid: str, *, now: float) -> float | None:
    """Take `appid` if it is due at `now`; until when it is taken, None if it is not due or taken already."""
    until = now + CLAIM_SECONDS
    with redis_errors() as redis:
        return until if redis.eval(CLAIM_ONE, 1, DUE, str(now), str(until), appid) else None


def is_claimed(appid: str, *, until: float) -> bool:
    """Whether nobody has dealt with `appid` since it was claimed: refreshed, failed, changed or switched it off."""
    return find_due_at([appid]).get(appid) == until


def schedule_missing(appids: Iterable[str], *, now: float) -> None:
    """Make every appid due that the set does not know (after a flush: all); drop those no longer wanted."""
    wanted = set(appids)
    with redis_errors() as redis:
        known = {appid.decode() for appid in redis.zrange(DUE, 0, -1)}
        if wanted - known:
            redis.zadd(DUE, dict.fromkeys(wanted - known, now), nx=True)
        if known - wanted:
            redis.zrem(DUE, *(known - wanted))


def _record_key(appid: str) -> str:
    return key("token", appid)


def _read_record(values: list[bytes | None]) -> TokenRecord | None:
    value, expires_at, previous_value, previous_until, version, source, fetched_at = values
    if value is None or expires_at is None or version is None:
        return None
    return TokenRecord(
        value=value.decode(),
        expires_at=float(expires_at),
        version=int(version),
        source=(source or b"").decode(),
        fetched_at=float(fetched_at or 0),
        previous_value=(previous_value or b"").decode(),
        previous_until=float(previous_until or 0),
    )
