"""A worker is killed -9 in the middle: the next one finishes, no code twice, no call more than were under way."""

import os
import signal
import time

import pytest

from apps.batches.models import BatchState, ItemState
from apps.codes.models import IssuedCode

CODE = "/wxa/getwxacodeunlimit"
WORKER = ("-m", "celery", "-A", "wxcode", "worker", "--pool", "threads", "-c", "2", "-l", "warning")


def wait_for(batch, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition(batch):
        assert time.monotonic() < deadline, (batch.state, batch.issued, batch.hold_detail)
        time.sleep(0.05)
        batch.refresh_from_db()


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_costs_at_most_the_calls_under_way(sandbox, make_batch, spawn):
    sandbox.latency(0.3, endpoint=CODE)
    batch = make_batch(400)
    worker = spawn(*WORKER)
    wait_for(batch, lambda batch: batch.issued > 100)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    batch.refresh_from_db()
    under_way = sandbox.count(CODE) - batch.issued
    # it waits for the end of the dead worker's lease by itself, without a beat
    spawn(*WORKER)
    wait_for(batch, lambda batch: batch.state == BatchState.DONE)
    assert (batch.issued, batch.failed, IssuedCode.objects.count()) == (400, 0, 400)
    assert sandbox.count(CODE) <= 400 + under_way
    assert batch.items.filter(state=ItemState.ISSUED).count() == 400


@pytest.mark.drill
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_asked_to_stop_gives_everything_back(sandbox, make_batch, spawn):
    sandbox.latency(0.3, endpoint=CODE)
    batch = make_batch(800)
    worker = spawn(*WORKER)
    wait_for(batch, lambda batch: batch.issued > 100)
    worker.terminate()
    worker.wait(20)
    batch.refresh_from_db()
    assert batch.items.filter(state=ItemState.ASKING).count() == 0
    assert sandbox.count(CODE) == batch.issued == IssuedCode.objects.count()
