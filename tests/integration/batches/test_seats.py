"""The batches of a process share its threads."""

import threading

import pytest

from apps.batches import engine
from apps.batches.models import BatchState
from tests.integration.batches.conftest import scenes
from tests.parts import make_miniprogram
from tests.waiting import wait_until

CODE = "/wxa/getwxacodeunlimit"


def ask_threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("ask")}


@pytest.mark.django_db(transaction=True)
def test_a_small_batch_of_another_mini_program_gets_threads_while_a_large_one_has_all(
    sandbox, make_batch, work, six_seats
):
    # idle ones of earlier tests, which end in their own time
    others = ask_threads()
    sandbox.latency(0.2, endpoint=CODE)
    large = make_batch(120)
    small = make_batch(*scenes(12), miniprogram=make_miniprogram(sandbox))
    engine.ensure_run(large.miniprogram_id)
    wait_until(lambda: six_seats.taken == 6)
    engine.ensure_run(small.miniprogram_id)
    threads = []

    def is_done():
        threads.append(len(ask_threads() - others))
        small.refresh_from_db()
        return small.state == BatchState.DONE

    wait_until(is_done)
    large.refresh_from_db()
    assert max(threads) == 6
    assert large.waiting > 40, "the small one waited for the large one"
    sandbox.latency(0, endpoint=CODE)
    large = work(large)
    assert (large.issued, small.issued, six_seats.taken) == (120, 12, 0)
