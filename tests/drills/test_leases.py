"""Leases in real time: a leader that lives keeps its lead beyond the lock, one that hangs loses it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination.connection import key
from apps.coordination.leases import LOCK_SECONDS
from apps.coordination.single_flight import single_flight
from tests.waiting import wait_until

LOCK = key("flight", "work")


@pytest.fixture
def lead():
    """`lead(lease_seconds)`: a thread takes the lead, and works until the test is over."""
    is_over = threading.Event()

    def work():
        assert is_over.wait(120)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        yield lambda seconds: pool.submit(
            single_flight, "work", lead=work, ready=lambda: None, lease_seconds=seconds, wait_seconds=120
        )
        is_over.set()


def test_a_living_leader_keeps_its_lead_beyond_the_lock(lead, redis_client):
    lead(120)
    owner = wait_until(lambda: redis_client.get(LOCK))
    time.sleep(LOCK_SECONDS * 2)
    assert redis_client.get(LOCK) == owner


def test_a_leader_that_hangs_loses_its_lead_when_the_lease_ends(lead, redis_client, measured):
    lead(LOCK_SECONDS + 1)
    wait_until(lambda: redis_client.exists(LOCK))
    began = time.monotonic()
    wait_until(lambda: not redis_client.exists(LOCK), seconds=(LOCK_SECONDS + 1) * 10)
    measured(lost_after_seconds=round(time.monotonic() - began, 1))
    time.sleep(2)
    assert not redis_client.exists(LOCK), "it is not taken back"
