"""Circuits: who fails several times in a row is left alone for a while, by all processes, then tried by one call.

Redis keeps them by its own clock. While it is away nothing opens and nothing closes: a process keeps to what it knew.
"""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.coordination.scripts import run_now

INDEX = key("circuits")
# Failures further apart than this are not in a row.
ROW_SECONDS = 60
# A circuit that nobody tries any more is forgotten this long after its pause.
REMEMBERED_SECONDS = 300
# The threads of a process share a good answer for so long: hundreds that asked at one moment overran Redis.
SHARED_SECONDS = 0.25

# `until` exists while the circuit is open. The trial moves it ahead: nobody else is let through until it has ended, or
# until the lease of one that died is over.
ENTER = """
local found = redis.call('HMGET', KEYS[1], 'until', 'failures')
if not found[1] then return {'closed', found[2] or '0', '0'} end
local seconds = now / 1000000
local left = tonumber(found[1]) - seconds
if left > 0 and ARGV[2] == '0' then return {'open', found[2], tostring(left)} end
redis.call('HSET', KEYS[1], 'until', string.format('%.3f', seconds + tonumber(ARGV[1])))
redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[1])) + tonumber(ARGV[3]))
return {'trial', found[2], '0'}
"""
# Calls that began before the circuit opened say nothing about now. Answers 1 when it opened just now.
FAILED = """
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local is_open = redis.call('HEXISTS', KEYS[1], 'until') == 1
local opens = not is_open and failures >= tonumber(ARGV[2])
if opens or (is_open and ARGV[1] == '1') then
    local seconds = now / 1000000
    redis.call('HSET', KEYS[1], 'until', string.format('%.3f', seconds + tonumber(ARGV[3])))
    redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[3])) + tonumber(ARGV[5]))
    if opens then
        redis.call('HSET', KEYS[1], 'opened_at', string.format('%.3f', seconds))
        redis.call('SADD', KEYS[2], ARGV[6])
    end
elseif not is_open then
    redis.call('EXPIRE', KEYS[1], tonumber(ARGV[4]))
end
return opens and 1 or 0
"""
SUCCEEDED = """
local is_open = redis.call('HEXISTS', KEYS[1], 'until')
if is_open == 1 and ARGV[1] ~= '1' then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[2])
return is_open
"""
GIVE_BACK = "if redis.call('HEXISTS', KEYS[1], 'until') == 1 then redis.call('HSET', KEYS[1], 'until', '0') end"


class Standing(StrEnum):
    """What a circuit says to a call."""

    CLOSED = "closed"
    OPEN = "open"
    TRIAL = "trial"


@dataclass(frozen=True)
class Admission:
    """OPEN: not before `seconds` from now. `name` is the circuit's."""

    name: str
    standing: Standing
    seconds: float = 0.0

    @property
    def is_trial(self) -> bool:
        return self.standing is Standing.TRIAL


@dataclass(frozen=True)
class OpenCircuit:
    """Since when it is open and until when nobody tries, in Unix seconds of Redis; the failures in a row."""

    name: str
    opened_at: float
    until: float
    failures: int


# what this process knows, for the time when Redis is away: until when (monotonic) a circuit is open
_open_until: dict[str, float] = {}
# when (monotonic) this process last asked about a circuit that it knows nothing bad of
_asked_at: dict[str, float] = {}
# the circuits with failures that this process has seen: only for these a success has anything to reset
_failing: set[str] = set()


def enter(name: str, *, trial_seconds: float, insists: bool = False) -> Admission:
    """Whether a call may be made; of those after a pause one alone, as the TRIAL, which lasts `trial_seconds` at most.

    Who `insists` is let through at any time. Never raises: without Redis the last standing that was seen counts.
    """
    if not insists and name not in _failing and name not in _open_until:
        now = time.monotonic()
        if now - _asked_at.get(name, -math.inf) < SHARED_SECONDS:
            return Admission(name, Standing.CLOSED)
        _asked_at[name] = now
    try:
        with redis_errors() as redis:
            facts = (trial_seconds, int(insists), REMEMBERED_SECONDS)
            standing, failures, left = run_now(redis, ENTER, (_key(name),), *facts)
    except CoordinationUnavailable:
        left = _open_until.get(name, 0.0) - time.monotonic()
        return Admission(name, Standing.OPEN if left > 0 and not insists else Standing.CLOSED, max(left, 0.0))
    if int(failures):
        _failing.add(name)
    admission = Admission(name, Standing(standing.decode()), float(left))
    if admission.standing is Standing.OPEN:
        _open_until[name] = time.monotonic() + admission.seconds
    else:
        _open_until.pop(name, None)
    return admission


def note_failure(admission: Admission, *, threshold: int, pause_seconds: float) -> bool:
    """The call failed in a way that counts; answers whether the circuit opened with it. Never raises."""
    _failing.add(admission.name)
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        facts = (int(admission.is_trial), threshold, pause_seconds, ROW_SECONDS, REMEMBERED_SECONDS, admission.name)
        return bool(run_now(redis, FAILED, (_key(admission.name), INDEX), *facts))
    return False


def note_success(admission: Admission) -> bool:
    """An answer came; answers whether the circuit closed with it. No round trip while all is well. Never raises."""
    if not admission.is_trial and admission.name not in _failing:
        return False
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        closed = redis.eval(SUCCEEDED, 2, _key(admission.name), INDEX, int(admission.is_trial), admission.name)
        _failing.discard(admission.name)
        return bool(closed)
    return False


def give_back(admission: Admission) -> None:
    """The trial was not made after all: the next call may be it. Never raises."""
    if admission.is_trial:
        with suppress(CoordinationUnavailable), redis_errors() as redis:
            redis.eval(GIVE_BACK, 1, _key(admission.name))


def find_open() -> list[OpenCircuit]:
    """Every open circuit, the oldest first. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        names = sorted(name.decode() for name in redis.smembers(INDEX))
        if not names:
            return []
        pipeline = redis.pipeline(transaction=False)
        for name in names:
            pipeline.hmget(_key(name), "opened_at", "until", "failures")
        found = [
            OpenCircuit(name, float(opened_at), float(until), int(failures))
            for name, (opened_at, until, failures) in zip(names, pipeline.execute(), strict=True)
            if until is not None
        ]
        gone = set(names) - {circuit.name for circuit in found}
        if gone:
            redis.srem(INDEX, *gone)
    return sorted(found, key=lambda circuit: circuit.opened_at)


def close(names: Sequence[str]) -> None:
    """Forget what was held against them: an operator has mended something. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        redis.delete(*map(_key, names))
        redis.srem(INDEX, *names)
    for name in names:
        _open_until.pop(name, None)


def _key(name: str) -> str:
    return key("circuit", name)
