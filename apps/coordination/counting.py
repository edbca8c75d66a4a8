"""Counters that all processes add up in Redis: gathered in memory, sent at most once a second, off everyone's way."""

import atexit
import json
import threading
from collections import Counter

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors

COUNTERS = key("counters")
FLUSH_SECONDS = 1.0
# Different series that may wait for a Redis that is away; beyond that new ones are dropped, known ones still add up.
MOST_PENDING = 5000

Series = tuple[str, ...]


class _Pending:
    """What this process has not sent yet."""

    lock = threading.Lock()
    amounts: Counter[Series] = Counter()
    timer: threading.Timer | None = None


def tally(*series: str, amount: float = 1) -> None:
    """Add `amount` to the counter of that name and those labels; never waits for Redis, never raises."""
    with _Pending.lock:
        if series not in _Pending.amounts and len(_Pending.amounts) >= MOST_PENDING:
            return
        _Pending.amounts[series] += amount  # type: ignore[assignment]
        if _Pending.timer is None:
            _Pending.timer = threading.Timer(FLUSH_SECONDS, flush_counters)
            _Pending.timer.daemon = True
            _Pending.timer.start()


def flush_counters() -> None:
    """Send what has gathered; while Redis is away it stays and is sent with the next tally."""
    with _Pending.lock:
        amounts, _Pending.amounts = _Pending.amounts, Counter()
        _Pending.timer = None
    if not amounts:
        return
    try:
        with redis_errors() as redis:
            pipeline = redis.pipeline(transaction=True)
            for series, amount in amounts.items():
                pipeline.hincrbyfloat(COUNTERS, json.dumps(series), amount)
            pipeline.execute()
    except CoordinationUnavailable:
        with _Pending.lock:
            _Pending.amounts.update(amounts)


def forget_counts() -> None:
    """Drop what this process has not sent (for tests)."""
    with _Pending.lock:
        _Pending.amounts.clear()


def read_counters() -> dict[Series, float]:
    """Every counter of every process. Raises CoordinationUnavailable."""
    flush_counters()
    with redis_errors() as redis:
        stored = redis.hgetall(COUNTERS)
    return {tuple(json.loads(series)): float(amount) for series, amount in stored.items()}


atexit.register(flush_counters)
