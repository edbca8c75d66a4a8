"""A sliding window grants exactly its limit, whoever asks, and nothing more until the oldest grant is gone."""

import time
from concurrent.futures import ThreadPoolExecutor

from apps.coordination.sliding_window import Count, count_one


def count(name: str = "window", *, limit: int = 5, period_seconds: float = 60) -> Count:
    return count_one(name, limit=limit, period_seconds=period_seconds)


def test_the_limit_passes_and_the_next_hears_when_one_is_free():
    counts = [count() for _ in range(6)]
    assert [(one.is_granted, one.remaining) for one in counts] == [(True, left) for left in (4, 3, 2, 1, 0)] + [
        (False, 0)
    ]
    assert all(59 < one.seconds <= 60 for one in counts)


def test_sixteen_threads_get_exactly_the_limit():
    with ThreadPoolExecutor(16) as pool:
        assert sum(one.is_granted for one in pool.map(lambda _: count(limit=100), range(400))) == 100


def test_no_window_of_the_period_sees_more_than_the_limit():
    granted, started = [], time.monotonic()
    while time.monotonic() - started < 1.2:
        if count(limit=10, period_seconds=0.4).is_granted:
            granted.append(time.monotonic())
    assert 30 <= len(granted) <= 40
    # ten later is never sooner than the period, but for the time between Redis's clock and ours
    assert all(later - earlier > 0.38 for earlier, later in zip(granted, granted[10:], strict=False))


def test_a_refusal_costs_nothing():
    for _ in range(20):
        count(limit=1, period_seconds=0.3)
    time.sleep(0.31)
    assert count(limit=1, period_seconds=0.3).is_granted


def test_a_lowered_limit_counts_at_once():
    for _ in range(5):
        count(period_seconds=0.5)
    assert not count(limit=2, period_seconds=0.5).is_granted
    time.sleep(0.51)
    assert [count(limit=2, period_seconds=0.5).is_granted for _ in range(3)] == [True, True, False]


def test_windows_are_apart_and_are_forgotten_when_they_are_empty(redis_client):
    count("one", limit=1)
    assert count("other", limit=1).is_granted
    assert 60_000 < redis_client.pttl("wxcode:window:one") <= 61_000
