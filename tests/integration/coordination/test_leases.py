"""The lead of a living process is renewed, given back when the work is done, and ends when the work hangs."""

from collections.abc import Callable

import pytest
from redis import Redis

from apps.coordination import leases
from apps.coordination.connection import key
from apps.coordination.single_flight import single_flight
from tests.waiting import wait_until

LOCK = key("flight", "work")
LEASE_SECONDS = 120.0


@pytest.fixture(autouse=True)
def _renewed_often(monkeypatch):
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)


def lead(work: Callable[[], object]) -> None:
    """Do `work` in the lead."""
    single_flight("work", lead=lambda: work() or "done", ready=lambda: None, lease_seconds=LEASE_SECONDS)


def let_leases_be_renewed(redis: Redis) -> None:
    """Return after all leases of this process have had their turn, at least twice: one of the test's own tells."""
    with leases.renewed("wxcode:told", "test", 3600):
        for _ in range(3):
            redis.delete("wxcode:told")
            wait_until(lambda: redis.exists("wxcode:told"), seconds=60)


def is_renewed(redis: Redis) -> bool:
    """Whether more is left than the test has left there, and no more than a lock lasts."""
    return 1000 < redis.pttl(LOCK) <= leases.LOCK_SECONDS * 1000


def test_a_living_leader_keeps_its_lead_beyond_the_lock(redis_client, clock):
    def outlive_locks() -> None:
        owner = redis_client.get(LOCK)
        for _ in range(3):
            clock.advance(leases.LOCK_SECONDS - 0.5)
            wait_until(lambda: is_renewed(redis_client), seconds=60)
        assert redis_client.get(LOCK) == owner

    lead(outlive_locks)
    assert not redis_client.exists(LOCK)


def test_a_living_leader_takes_back_a_lock_that_a_flush_has_lost(redis_client):
    def be_flushed() -> None:
        owner = redis_client.get(LOCK)
        redis_client.flushall()
        wait_until(lambda: redis_client.get(LOCK) == owner, seconds=60)

    lead(be_flushed)
    assert not redis_client.exists(LOCK)


def test_a_leader_that_hangs_loses_its_lead_when_the_lease_ends(redis_client, clock):
    def hang() -> None:
        clock.advance(LEASE_SECONDS)
        let_leases_be_renewed(redis_client)
        # what a renewal has left that had begun before
        clock.advance(leases.LOCK_SECONDS)
        let_leases_be_renewed(redis_client)
        assert not redis_client.exists(LOCK)

    lead(hang)


def test_a_leader_takes_nothing_from_the_next(redis_client):
    def be_replaced() -> None:
        redis_client.set(LOCK, "the next leader", px=60_000)
        let_leases_be_renewed(redis_client)

    lead(be_replaced)
    assert redis_client.get(LOCK) == b"the next leader"
