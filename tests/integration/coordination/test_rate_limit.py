"""Permits: never more than the limit and burst, exact over threads, refused with the seconds to wait."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination.rate_limit import (
    PermitRefused,
    acquire_permit,
    count_permits_this_minute,
    reserve_permits,
)


def acquire(pool: str = "pool", *, burst: int = 5, max_wait_seconds: float = 0.0, limit: int = 600) -> float:
    return acquire_permit(pool, limit=limit, period_seconds=60, burst=burst, max_wait_seconds=max_wait_seconds)


def test_a_burst_passes_at_once_and_the_next_is_refused_with_seconds():
    assert [acquire() for _ in range(5)] == [0.0] * 5
    with pytest.raises(PermitRefused) as refused:
        acquire()
    assert (refused.value.http_status, refused.value.retry_after) == (429, 1)


def test_waiting_within_the_bound_paces_evenly():
    started = time.monotonic()
    for _ in range(10):
        acquire(burst=1, max_wait_seconds=2)
    # ten permits a second: nine intervals of 0.1 s
    assert 0.85 < time.monotonic() - started < 1.6


def test_sixteen_threads_get_exactly_what_the_limit_allows():
    def try_one(_number: int) -> bool:
        try:
            acquire(burst=20, limit=60)
        except PermitRefused:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        granted = sum(pool.map(try_one, range(200)))
    # 20 at once, and one more for each second that the test takes
    assert 20 <= granted <= 23


def test_pools_are_apart():
    for _ in range(5):
        acquire("one")
    assert acquire("other") == 0.0


def test_the_long_way_out_is_told_in_seconds():
    for _ in range(2):
        acquire(limit=2, burst=2)
    with pytest.raises(PermitRefused) as refused:
        acquire(limit=2, burst=2)
    assert 29 <= refused.value.retry_after <= 31


def test_permits_of_this_minute_are_counted():
    time.sleep(60 - time.time() % 60 if time.time() % 60 > 58 else 0)
    acquire()
    acquire()
    assert count_permits_this_minute("pool") == 2


def reserve(count: int, *, ahead_seconds: float = 0.25, limit: int = 6000) -> tuple[float, ...]:
    return reserve_permits("pool", limit=limit, period_seconds=60, count=count, ahead_seconds=ahead_seconds).waits


def test_reserved_places_follow_one_another_and_end_at_the_horizon():
    waits = reserve(1000)
    assert len(waits) == 26
    assert waits == pytest.approx([place * 0.01 for place in range(26)])
    refused = reserve_permits("pool", limit=6000, period_seconds=60, count=5, ahead_seconds=0.25)
    assert refused.waits == ()
    assert 0 < refused.retry_seconds <= 0.02


def test_who_acquires_goes_before_the_next_reservation():
    reserve(1000)
    # the burst reaches further than the reservation, so nothing is waited for
    assert acquire(limit=6000, burst=40) == 0.0
    waits = [acquire(limit=6000, burst=40) for _ in range(10)]
    assert max(waits) == 0.0
    assert reserve(1) == ()


def test_reservations_and_acquisitions_share_one_limit():
    started, granted = time.monotonic(), 0
    while time.monotonic() - started < 1.0:
        granted += len(reserve(8, ahead_seconds=0.05)) + 1
        acquire(limit=6000, burst=10, max_wait_seconds=1)
    elapsed = time.monotonic() - started
    assert 100 * elapsed * 0.9 <= granted <= 100 * (elapsed + 0.05) + 10
