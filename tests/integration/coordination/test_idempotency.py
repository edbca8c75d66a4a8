"""A key names one content and one result for a day; the work behind it is done once, whoever asks again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination import idempotency
from apps.coordination.connection import CoordinationUnavailable
from apps.coordination.idempotency import KeyReused, Repeatable, StillWorking, guarded, run_once
from apps.errors import InvalidRequest
from tests.waiting import wait_until

ONE = Repeatable("client:1", "order-7", "a" * 64)
OTHER_CONTENT = Repeatable("client:1", "order-7", "b" * 64)


@pytest.fixture
def no_redis(dead_redis):
    dead_redis()


def test_the_second_time_the_first_result_is_answered():
    assert run_once(ONE, lambda: "17") == ("17", False)
    assert run_once(ONE, lambda: pytest.fail("done twice")) == ("17", True)


def test_another_content_is_refused_also_while_the_first_is_worked_on():
    def work():
        with pytest.raises(KeyReused):
            run_once(OTHER_CONTENT, lambda: pytest.fail("done"))
        return "17"

    # a thread of its own, because in one thread a flight would wait for itself
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run_once, ONE, work).result(60) == ("17", False)
    with pytest.raises(KeyReused) as refused:
        run_once(OTHER_CONTENT, lambda: pytest.fail("done"))
    assert refused.value.http_status == 422


def test_other_owners_have_keys_of_their_own():
    run_once(ONE, lambda: "17")
    assert run_once(Repeatable("client:2", "order-7", "b" * 64), lambda: "18") == ("18", False)


def test_who_repeats_meanwhile_waits_for_the_result(redis_client):
    done = []

    def scripts_run():
        return redis_client.info("commandstats").get("cmdstat_eval", {"calls": 0})["calls"]

    before = scripts_run()

    def work():
        # eight claims, and the lock of the first
        wait_until(lambda: scripts_run() - before >= 9, seconds=60)
        done.append(1)
        return "17"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: run_once(ONE, work), range(8)))
    assert sorted(results) == [("17", False)] + [("17", True)] * 7
    assert len(done) == 1


def test_who_waits_too_long_is_told_when_to_come_back(monkeypatch):
    go_on, is_begun = threading.Event(), threading.Event()

    def work():
        is_begun.set()
        assert go_on.wait(60)
        return "17"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run_once, ONE, work)
        assert is_begun.wait(60)
        monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.0)
        with pytest.raises(StillWorking) as told:
            run_once(ONE, lambda: pytest.fail("done twice"))
        go_on.set()
        assert first.result(60) == ("17", False)
    assert (told.value.http_status, told.value.retry_after) == (409, 2)


def test_what_failed_may_be_corrected_under_the_same_key():
    def fail():
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest):
        run_once(ONE, fail)
    assert run_once(OTHER_CONTENT, lambda: "18") == ("18", False)


def test_a_result_is_kept_for_a_day(redis_client, clock):
    run_once(ONE, lambda: "17")
    clock.advance(86_000)
    assert run_once(ONE, lambda: pytest.fail("done twice")) == ("17", True)
    clock.advance(400)
    assert run_once(ONE, lambda: "18") == ("18", False)


def test_a_key_of_a_caller_is_not_readable_in_redis(redis_client):
    run_once(ONE, lambda: "17")
    (name,) = redis_client.keys("wxcode:idempotency:*")
    assert b"order-7" not in name


def test_without_redis_nothing_is_done_that_could_be_done_twice(no_redis):
    with pytest.raises(CoordinationUnavailable):
        run_once(ONE, lambda: pytest.fail("done"))


def test_work_that_is_the_same_twice_is_only_guarded_against_other_content():
    with guarded(ONE) as is_repeated:
        assert not is_repeated
    with guarded(ONE) as is_repeated:
        assert is_repeated
    with pytest.raises(KeyReused), guarded(OTHER_CONTENT):
        pytest.fail("done")


def test_guarded_work_that_failed_leaves_the_key_free():
    with pytest.raises(InvalidRequest), guarded(ONE):
        raise InvalidRequest("no")
    with guarded(OTHER_CONTENT) as is_repeated:
        assert not is_repeated


def test_guarded_work_is_done_without_redis(no_redis):
    with guarded(ONE) as is_repeated:
        assert not is_repeated
