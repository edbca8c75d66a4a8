"""A sliding window grants exactly its limit, whoever asks, and nothing more until the oldest grant is gone."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination.sliding_window import Count, count_one

pytestmark = pytest.mark.usefixtures("stopped")
PERIOD = 60.0


def count(name: str = "window", *, limit: int = 5) -> Count:
    return count_one(name, limit=limit, period_seconds=PERIOD)


def test_the_limit_passes_and_the_next_hears_when_one_is_free(stopped):
    assert [count() for _ in range(5)] == [Count(True, left, PERIOD) for left in (4, 3, 2, 1, 0)]
    stopped.advance(20)
    assert count() == Count(False, 0, 40.0)


def test_sixteen_threads_get_exactly_the_limit():
    with ThreadPoolExecutor(16) as pool:
        assert sum(one.is_granted for one in pool.map(lambda _: count(limit=100), range(400))) == 100


def test_no_window_of_the_period_sees_more_than_the_limit(stopped):
    granted = []
    # asked more often than is granted, and never at the same point of a period
    for moment in range(0, 240, 7):
        granted += [moment for _ in range(3) if count(limit=10).is_granted]
        stopped.advance(7)
    assert len(granted) == 40
    assert all(later - earlier >= PERIOD for earlier, later in zip(granted, granted[10:], strict=False))


def test_a_refusal_costs_nothing(stopped):
    for _ in range(20):
        count(limit=1)
    stopped.advance(PERIOD)
    assert count(limit=1).is_granted


def test_a_lowered_limit_counts_at_once(stopped):
    for _ in range(5):
        count()
    assert not count(limit=2).is_granted
    stopped.advance(PERIOD)
    assert [count(limit=2).is_granted for _ in range(3)] == [True, True, False]


def test_windows_are_apart_and_are_forgotten_when_they_are_empty(stopped, redis_client):
    count("one", limit=1)
    assert count("other", limit=1).is_granted
    stopped.advance(PERIOD / 2)
    assert redis_client.exists("wxcode:window:one")
    stopped.advance(PERIOD / 2 + 1)
    assert not redis_client.exists("wxcode:window:one")
