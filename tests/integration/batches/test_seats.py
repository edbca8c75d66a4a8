"""The batches of a process share its threads: never more than BATCH_CALLS, and nobody is kept from a fair part."""

import threading
import time

import pytest

from apps.batches import engine, seats
from apps.batches.models import BatchState
from tests.integration.batches.conftest import scenes
from tests.parts import make_miniprogram
from tests.waiting import wait_until

CODE = "/wxa/getwxacodeunlimit"


def test_a_run_that_is_alone_may_have_every_seat_and_no_more():
    bench = seats.Seats(8)
    assert [bench.take("one") for _ in range(9)] == [True] * 8 + [False]
    bench.give_back("one")
    assert bench.take("one")


def test_a_run_that_comes_later_gets_what_comes_free_until_the_parts_are_equal():
    bench = seats.Seats(8)
    for _ in range(8):
        bench.take("large")
    assert not bench.take("small")
    for _ in range(4):
        bench.give_back("large")
        assert not bench.take("large"), "somebody poorer waits"
        assert bench.take("small")
        assert not bench.take("small")
    bench.give_back("large")
    assert bench.take("large") and not bench.take("small")


def test_what_the_others_do_not_want_may_be_had():
    bench = seats.Seats(8)
    assert bench.take("small")
    assert sum(bench.take("large") for _ in range(9)) == 7


def test_who_was_hungry_and_has_gone_keeps_nothing_free():
    bench = seats.Seats(4)
    for _ in range(4):
        bench.take("large")
    bench.take("gone")
    bench.give_back("large")
    time.sleep(seats.HUNGRY_SECONDS + 0.01)
    assert bench.take("large")


def test_with_more_runs_than_seats_who_waits_longest_is_next():
    bench = seats.Seats(1)
    assert bench.take("first") and not bench.take("second") and not bench.take("third")
    bench.give_back("first")
    assert not bench.take("first") and not bench.take("third")
    assert bench.take("second")
    bench.give_back("second")
    assert not bench.take("first")
    assert bench.take("third")


@pytest.fixture
def six_seats(settings):
    settings.BATCH_CALLS = 6
    seats.seats_of_this_process.cache_clear()
    seats.threads_of_this_process.cache_clear()
    yield seats.seats_of_this_process()
    seats.threads_of_this_process().shutdown()
    seats.seats_of_this_process.cache_clear()
    seats.threads_of_this_process.cache_clear()


def ask_threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("ask")}


@pytest.mark.django_db(transaction=True)
def test_a_small_batch_of_another_mini_program_gets_threads_while_a_large_one_has_all(
    sandbox, make_batch, work, six_seats
):
    # idle ones of earlier tests, which end in their own time
    others = ask_threads()
    sandbox.latency(0.3, endpoint=CODE)
    large = make_batch(150)
    small = make_batch(*scenes(12), miniprogram=make_miniprogram(sandbox))
    engine.ensure_run(large.miniprogram_id)
    wait_until(lambda: six_seats.taken == 6)
    engine.ensure_run(small.miniprogram_id)
    most, deadline = 0, time.monotonic() + 20
    while small.state != BatchState.DONE:
        assert time.monotonic() < deadline
        most = max(most, len(ask_threads() - others))
        time.sleep(0.05)
        small.refresh_from_db()
    large.refresh_from_db()
    assert most == 6
    assert large.waiting > 40, "the small one waited for the large one"
    large = work(large)
    assert (large.issued, small.issued, six_seats.taken) == (150, 12, 0)
