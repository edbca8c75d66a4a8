"""Permits: never more than the limit and burst, exact over threads, refused with the seconds to wait."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apps.coordination.rate_limit import (
    PermitRefused,
    Reservation,
    acquire_permit,
    count_permits_this_minute,
    reserve_permits,
)

pytestmark = pytest.mark.usefixtures("stopped")
# one in ten seconds: what Redis keeps of it outlasts a slow machine
RATE = {"limit": 6, "period_seconds": 60}


def acquire(pool: str = "pool", *, burst: int = 5, max_wait_seconds: float = 0.0, **options: Any) -> float:
    return acquire_permit(pool, burst=burst, max_wait_seconds=max_wait_seconds, **{**RATE, **options})


def reserve(count: int, *, ahead_seconds: float = 250) -> Reservation:
    return reserve_permits("pool", count=count, ahead_seconds=ahead_seconds, **RATE)


def test_a_burst_passes_at_once_and_the_next_is_refused_with_seconds():
    assert [acquire() for _ in range(5)] == [0.0] * 5
    with pytest.raises(PermitRefused) as refused:
        acquire()
    assert (refused.value.http_status, refused.value.retry_after) == (429, 10)


def test_waiting_within_the_bound_paces_evenly(stopped):
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        stopped.advance(seconds)

    waited = [acquire(burst=1, max_wait_seconds=20, pause=pause) for _ in range(10)]
    assert (waited, pauses) == ([0.0] + [10.0] * 9, [10.0] * 9)


def test_those_who_wait_together_wait_one_after_the_other():
    waits: list[float] = []
    for _ in range(4):
        acquire(burst=1, max_wait_seconds=30, pause=waits.append)
    assert waits == [10.0, 20.0, 30.0]
    with pytest.raises(PermitRefused):
        acquire(burst=1, max_wait_seconds=30, pause=waits.append)


def test_sixteen_threads_get_exactly_what_the_limit_allows():
    def try_one(_number: int) -> bool:
        try:
            acquire(burst=20)
        except PermitRefused:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(try_one, range(200))) == 20


def test_pools_are_apart():
    for _ in range(5):
        acquire("one")
    assert acquire("other") == 0.0


def test_the_long_way_out_is_told_in_seconds(stopped):
    for _ in range(2):
        acquire(limit=2, burst=2)
    stopped.advance(10)
    with pytest.raises(PermitRefused) as refused:
        acquire(limit=2, burst=2)
    assert refused.value.retry_after == 20


def test_permits_of_this_minute_are_counted(stopped):
    acquire()
    acquire()
    assert count_permits_this_minute("pool") == 2
    stopped.advance(60)
    assert count_permits_this_minute("pool") == 0


def test_reserved_places_follow_one_another_and_end_at_the_horizon():
    assert reserve(1000).waits == tuple(range(0, 251, 10))
    refused = reserve(5)
    assert (refused.waits, refused.retry_seconds) == ((), 10.0)


def test_who_acquires_goes_before_the_next_reservation(stopped):
    reserve(1000)
    # the burst reaches further than the reservation, so nothing is waited for
    assert [acquire(burst=40) for _ in range(11)] == [0.0] * 11
    stopped.advance(110)
    assert reserve(1).waits == ()
    stopped.advance(10)
    assert reserve(1).waits == (250.0,)


def test_reservations_and_acquisitions_share_one_limit(stopped):
    granted = 0
    for _ in range(60):
        granted += len(reserve(8, ahead_seconds=50).waits)
        acquire(burst=10, max_wait_seconds=10, pause=stopped.advance)
        granted += 1
        stopped.advance(10)
    # one for now, one for each ten seconds that went by, and those that are reserved ahead: none beyond
    assert granted == 1 + 60 + 5
