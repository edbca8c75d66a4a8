"""A key names one content and one result for a day; the work behind it is done once, whoever asks again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination import idempotency
from apps.coordination.connection import CoordinationUnavailable
from apps.coordination.idempotency import KeyReused, Repeatable, StillWorking, guarded, run_once
from apps.errors import InvalidRequest

ONE = Repeatable("client:1", "order-7", "a" * 64)
OTHER_CONTENT = Repeatable("client:1", "order-7", "b" * 64)
RUN_MANY = """
import sys, time
import django
django.setup()
from apps.coordination.connection import redis_connection
from apps.coordination.idempotency import Repeatable, run_once
def work():
    time.sleep(0.3)
    return str(redis_connection().incr("work-done"))
time.sleep(max(0, float(sys.argv[1]) - time.time()))
print("result", run_once(Repeatable("client:1", "order-7", "a" * 64), work)[0])
"""


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
        assert pool.submit(run_once, ONE, work).result(10) == ("17", False)
    with pytest.raises(KeyReused) as refused:
        run_once(OTHER_CONTENT, lambda: pytest.fail("done"))
    assert refused.value.http_status == 422


def test_other_owners_have_keys_of_their_own():
    run_once(ONE, lambda: "17")
    assert run_once(Repeatable("client:2", "order-7", "b" * 64), lambda: "18") == ("18", False)


def test_who_repeats_meanwhile_waits_for_the_result():
    done = []

    def work():
        time.sleep(0.3)
        done.append(1)
        return "17"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: run_once(ONE, work), range(8)))
    assert sorted(results) == [("17", False)] + [("17", True)] * 7
    assert len(done) == 1


def test_who_waits_too_long_is_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", 0.2)
    go_on, is_begun = threading.Event(), threading.Event()

    def work():
        is_begun.set()
        assert go_on.wait(10)
        return "17"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run_once, ONE, work)
        assert is_begun.wait(5)
        with pytest.raises(StillWorking) as told:
            run_once(ONE, lambda: pytest.fail("done twice"))
        go_on.set()
        assert first.result(10) == ("17", False)
    assert (told.value.http_status, told.value.retry_after) == (409, 2)


def test_what_failed_may_be_corrected_under_the_same_key():
    def fail():
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest):
        run_once(ONE, fail)
    assert run_once(OTHER_CONTENT, lambda: "18") == ("18", False)


def test_a_result_is_kept_for_a_day(redis_client):
    run_once(ONE, lambda: "17")
    (name,) = redis_client.keys("wxcode:idempotency:*")
    assert 86_390 < redis_client.ttl(name) <= 86_400
    assert b"order-7" not in name


@pytest.mark.django_db(transaction=True)
def test_several_processes_do_it_once(spawn, redis_client, tmp_path):
    go = str(time.time() + 4)
    processes = [spawn("-c", RUN_MANY, go) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert redis_client.get("work-done") == b"1"
    logs = [path.read_text() for path in tmp_path.glob("process-*.log")]
    assert all(log.splitlines()[-1] == "result 1" for log in logs)


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
