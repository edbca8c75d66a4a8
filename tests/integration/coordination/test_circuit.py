"""Circuits over processes: what opens them, the one trial, what closes them, and days without Redis."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination import circuit, connection
from apps.coordination.circuit import Standing
from apps.coordination.scripts import server_seconds

NAME = "wx1 /endpoint"
PAUSE, TRIAL = 40.0, 5.0
# Redis keeps ends to the millisecond
PAUSE_AND_A_BIT, TRIAL_AND_A_BIT = PAUSE + 0.001, TRIAL + 0.001
LIMITS = {"threshold": 3, "pause_seconds": PAUSE}


def forget():
    for memory in (circuit._open_until, circuit._failing, circuit._asked_at):
        memory.clear()


@pytest.fixture(autouse=True)
def _nothing_is_known(stopped):
    forget()
    yield
    forget()


@pytest.fixture
def redis_away(settings, monkeypatch):
    """Redis as a process finds it that cannot reach it."""

    def leave():
        monkeypatch.setattr(connection._Pause, "until", time.monotonic() + 3600)

    def come_back():
        monkeypatch.setattr(connection._Pause, "until", 0.0)

    leave.come_back = come_back
    return leave


def enter(**options):
    return circuit.enter(NAME, **{"trial_seconds": TRIAL, **options})


def fail(times=1):
    return [circuit.note_failure(enter(), **LIMITS) for _ in range(times)]


def open_it():
    assert fail(3) == [False, False, True]


def test_failures_in_a_row_open_it(redis_client):
    open_it()
    refused = enter()
    assert (refused.standing, refused.seconds) == (Standing.OPEN, pytest.approx(PAUSE, abs=0.001))
    (found,) = circuit.find_open()
    assert (found.name, found.failures) == (NAME, 3)
    now = server_seconds(redis_client)
    assert (found.opened_at, found.until) == pytest.approx((now, now + PAUSE), abs=0.001)


def test_failures_that_are_further_apart_are_no_row(stopped):
    fail(2)
    stopped.advance(circuit.ROW_SECONDS + 1)
    assert fail(2) == [False, False]


def test_an_answer_between_them_begins_the_row_anew():
    fail(2)
    circuit.note_success(enter())
    fail(2)
    assert enter().standing is Standing.CLOSED and circuit.find_open() == []


def test_another_name_is_another_circuit():
    open_it()
    assert circuit.enter("wx2 /endpoint", trial_seconds=5).standing is Standing.CLOSED


def test_after_the_pause_one_call_alone_is_the_trial(stopped):
    open_it()
    stopped.advance(PAUSE_AND_A_BIT)
    with ThreadPoolExecutor(16) as threads:
        standings = [each.standing for each in threads.map(lambda _: enter(), range(16))]
    assert standings.count(Standing.TRIAL) == 1 and standings.count(Standing.OPEN) == 15


def test_a_trial_that_succeeds_closes_it(stopped):
    open_it()
    stopped.advance(PAUSE_AND_A_BIT)
    assert circuit.note_success(enter()) is True
    assert enter().standing is Standing.CLOSED and circuit.find_open() == []


def test_a_trial_that_fails_keeps_it_open_for_another_pause(stopped):
    open_it()
    stopped.advance(PAUSE_AND_A_BIT)
    assert circuit.note_failure(enter(), **LIMITS) is False
    assert enter().standing is Standing.OPEN
    stopped.advance(PAUSE_AND_A_BIT)
    assert enter().is_trial


def test_a_trial_whose_process_died_is_replaced_after_its_lease(stopped):
    open_it()
    stopped.advance(PAUSE_AND_A_BIT)
    assert enter().is_trial
    assert enter().standing is Standing.OPEN
    stopped.advance(TRIAL_AND_A_BIT)
    assert enter().is_trial


def test_a_trial_that_was_not_made_leaves_its_place_to_the_next(stopped):
    open_it()
    stopped.advance(PAUSE_AND_A_BIT)
    circuit.give_back(enter())
    assert enter().is_trial


def test_calls_that_began_before_it_opened_neither_close_nor_prolong_it():
    before = [enter(), enter()]
    open_it()
    (opened,) = circuit.find_open()
    circuit.note_success(before[0])
    circuit.note_failure(before[1], **LIMITS)
    (now,) = circuit.find_open()
    assert now.until == opened.until


def test_whoever_insists_is_let_through_and_may_close_it():
    open_it()
    admission = enter(insists=True)
    assert admission.is_trial and enter().standing is Standing.OPEN
    circuit.note_success(admission)
    assert enter().standing is Standing.CLOSED


def test_closing_by_hand_forgets_everything():
    open_it()
    circuit.close([NAME])
    assert enter().standing is Standing.CLOSED and circuit.find_open() == []


def test_as_long_as_all_is_well_a_success_costs_no_round_trip(redis_client):
    admission = enter()
    before = redis_client.info("commandstats")
    circuit.note_success(admission)
    after = redis_client.info("commandstats")
    assert after.get("cmdstat_eval", {}).get("calls") == before.get("cmdstat_eval", {}).get("calls")


def test_without_redis_nothing_opens(redis_away):
    redis_away()
    assert fail(10) == [False] * 10
    redis_away.come_back()
    assert enter().standing is Standing.CLOSED


def test_without_redis_what_was_known_to_be_open_stays_so_until_its_end(redis_away, stopped):
    open_it()
    assert enter().standing is Standing.OPEN
    redis_away()
    assert enter().standing is Standing.OPEN
    stopped.advance(PAUSE_AND_A_BIT)
    assert enter().standing is Standing.CLOSED


def test_a_trial_whose_outcome_could_not_be_told_closes_nothing(redis_away, stopped):
    open_it()
    stopped.advance(PAUSE_AND_A_BIT)
    trial = enter()
    redis_away()
    assert circuit.note_success(trial) is False
    redis_away.come_back()
    assert enter().standing is Standing.OPEN
    stopped.advance(TRIAL_AND_A_BIT)
    assert enter().is_trial


def test_a_flushed_redis_knows_of_no_circuit(redis_client):
    open_it()
    redis_client.flushall()
    assert enter().standing is Standing.CLOSED and circuit.find_open() == []


def test_what_expired_is_no_longer_listed(redis_client):
    open_it()
    redis_client.delete(f"wxcode:circuit:{NAME}")
    assert circuit.find_open() == [] and redis_client.scard("wxcode:circuits") == 0
