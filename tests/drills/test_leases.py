"""A lease in real time: a leader that hangs loses its lead when the lease ends, and does not take it back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination import leases, single_flight
from apps.coordination.connection import key
from tests.waiting import wait_until

LOCK = key("flight", "work")
# shorter than in the service, as nobody competes here
LOCK_SECONDS, RENEW_SECONDS = 1.0, 0.25


@pytest.fixture
def lead():
    """`lead(lease_seconds)`: a thread takes the lead, and works until the test is over."""
    is_over = threading.Event()

    def work():
        assert is_over.wait(120)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        yield lambda seconds: pool.submit(
            single_flight.single_flight, "work", lead=work, ready=lambda: None, lease_seconds=seconds, wait_seconds=120
        )
        is_over.set()


@pytest.fixture(autouse=True)
def short_leases(monkeypatch):
    for module in (leases, single_flight):
        monkeypatch.setattr(module, "LOCK_SECONDS", LOCK_SECONDS)
    monkeypatch.setattr(leases, "RENEW_SECONDS", RENEW_SECONDS)


def test_a_leader_that_hangs_loses_its_lead_when_the_lease_ends(lead, redis_client, measured):
    lead(LOCK_SECONDS + 2 * RENEW_SECONDS)
    wait_until(lambda: redis_client.exists(LOCK))
    began = time.monotonic()
    wait_until(lambda: not redis_client.exists(LOCK), seconds=60)
    measured(lost_after_seconds=round(time.monotonic() - began, 1))
    time.sleep(2 * RENEW_SECONDS)
    assert not redis_client.exists(LOCK), "it is not taken back"
