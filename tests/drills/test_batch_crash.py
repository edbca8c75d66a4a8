"""A worker is killed -9 in the middle: the next one finishes, no code twice, no call more than were under way."""

import pytest
from django.utils import timezone

from apps.batches.models import BatchRun, BatchState, ItemState
from apps.codes.models import IssuedCode
from tests.drills.celery_worker import start_worker, wait_for
from tests.drills.sizes import SIZES
from tests.integration.batches.conftest import scenes

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "/wxa/getwxacodeunlimit"
ROWS = SIZES.batch_rows


def test_a_killed_worker_costs_the_calls_under_way_and_one_that_is_asked_to_stop_costs_none(sandbox, make_batch, fork):
    sandbox.latency(SIZES.latency, endpoint=CODE)
    batch = make_batch(ROWS)
    worker = start_worker(fork)
    wait_for(batch, lambda batch: batch.issued > SIZES.killed_after, worker)
    worker.kill()
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING
    # claimed for a call; WeChat itself may count the last of them a moment later
    under_way = batch.items.filter(state=ItemState.ASKING).count()
    if not SIZES.waits_for_lease:
        # what time does
        BatchRun.objects.update(lease_until=timezone.now())
    # it waits for the end of the dead worker's lease by itself, without a beat
    worker = start_worker(fork)
    wait_for(batch, lambda batch: batch.state == BatchState.DONE, worker)
    assert (batch.issued, batch.failed, IssuedCode.objects.count()) == (ROWS, 0, ROWS)
    calls = sandbox.count(CODE)
    assert calls <= ROWS + under_way
    assert batch.items.filter(state=ItemState.ISSUED).count() == ROWS

    more = make_batch(*scenes(ROWS, first=ROWS + 1))
    wait_for(more, lambda batch: batch.issued > SIZES.killed_after, worker)
    worker.terminate()
    worker.wait()
    more.refresh_from_db()
    assert more.state == BatchState.RUNNING
    assert more.items.filter(state=ItemState.ASKING).count() == 0
    # every call of this batch is a row, and is a code
    assert sandbox.count(CODE) - calls == more.issued == IssuedCode.objects.count() - ROWS
