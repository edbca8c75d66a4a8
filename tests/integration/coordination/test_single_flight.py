"""Single flight: one leader, followers with its result or its failure, leases that end."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination.connection import key, redis_errors
from apps.coordination.leases import LOCK_SECONDS
from apps.coordination.single_flight import SharedFailure, WaitedTooLong, single_flight
from apps.errors import Conflict


class Work:
    """A slow piece of work whose result is visible to `ready`, as a store would make it."""

    def __init__(self, seconds: float = 0.2) -> None:
        self.seconds, self.count, self.result = seconds, 0, None

    def lead(self) -> str:
        self.count += 1
        time.sleep(self.seconds)
        self.result = f"result {self.count}"
        return self.result

    def ready(self) -> str | None:
        return self.result


def test_fifty_threads_make_one_piece_of_work():
    work = Work()

    def join(_number: int) -> str:
        return single_flight("work", lead=work.lead, ready=work.ready, lease_seconds=5)

    with ThreadPoolExecutor(50) as pool:
        results = set(pool.map(join, range(50)))
    assert (results, work.count) == ({"result 1"}, 1)


def test_what_is_ready_needs_no_flight():
    work = Work()
    work.result = "there already"
    assert single_flight("work", lead=work.lead, ready=work.ready, lease_seconds=5) == "there already"
    assert work.count == 0


def test_a_follower_of_another_process_takes_its_result():
    work = Work()
    with redis_errors() as redis:
        redis.set(key("flight", "work"), "another process", px=5000)

    def finish_elsewhere() -> None:
        work.result = "made elsewhere"

    threading.Timer(0.15, finish_elsewhere).start()
    assert single_flight("work", lead=work.lead, ready=work.ready, lease_seconds=5) == "made elsewhere"
    assert work.count == 0


def test_a_follower_learns_why_its_leader_failed():
    with redis_errors() as redis:
        redis.set(key("flight", "work"), "leader", px=5000)

    def fail_elsewhere() -> None:
        problem = Conflict("no luck", errcode=40125, rid="a-b-c", advice="mend it").as_problem()
        with redis_errors() as redis:
            redis.set(key("flight", "work") + ":leader", json.dumps({"problem": problem, "retry_after": 7}), px=5000)
            redis.delete(key("flight", "work"))

    threading.Timer(0.1, fail_elsewhere).start()
    work = Work()
    with pytest.raises(SharedFailure) as failure:
        single_flight("work", lead=work.lead, ready=work.ready, lease_seconds=5)
    assert failure.value.as_problem() == Conflict("no luck", errcode=40125, rid="a-b-c", advice="mend it").as_problem()
    assert failure.value.retry_after == 7


def test_a_dead_leader_is_replaced_when_its_lease_ends():
    with redis_errors() as redis:
        redis.set(key("flight", "work"), "killed process", px=300)
    work = Work(0)
    assert single_flight("work", lead=work.lead, ready=work.ready, lease_seconds=5, wait_seconds=3) == "result 1"


def test_nobody_waits_without_a_bound():
    with redis_errors() as redis:
        redis.set(key("flight", "work"), "slow process", px=60_000)
    started = time.monotonic()
    with pytest.raises(WaitedTooLong) as waited:
        single_flight("work", lead=Work().lead, ready=Work().ready, lease_seconds=5, wait_seconds=0.4)
    assert time.monotonic() - started < 1.5
    assert waited.value.retry_after == 2


def test_who_leads_alone_looks_once():
    looks = []
    work = Work(0)

    def look() -> None:
        looks.append(1)

    assert single_flight("work", lead=work.lead, ready=look, lease_seconds=5) == "result 1"
    assert looks == [1]


@pytest.mark.parametrize("kept_its_lock", [True, False])
def test_who_leads_right_after_another_one_looks_again(redis_client, kept_its_lock):
    """Another process ends between this one's look and its lock, even one whose lock had run out by then."""
    work, elsewhere = Work(0), Work(0)

    def lead_elsewhere() -> str:
        if not kept_its_lock:
            redis_client.delete(key("flight", "work"))
        return elsewhere.lead()

    def look() -> str | None:
        if elsewhere.count:
            return elsewhere.result
        # the threads of a process share a flight: here it looks like two processes
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("apps.coordination.single_flight._flights", {})
            single_flight("work", lead=lead_elsewhere, ready=lambda: None, lease_seconds=5)
        return None

    assert single_flight("work", lead=work.lead, ready=look, lease_seconds=5) == "result 1"
    assert (work.count, elsewhere.count) == (0, 1)


def test_threads_that_waited_for_a_failing_leader_fail_the_same_way():
    calls = []

    def fail() -> str:
        calls.append(1)
        time.sleep(0.3)
        raise Conflict("no luck")

    def join(_number: int) -> str:
        with pytest.raises(Conflict) as failure:
            single_flight("work", lead=fail, ready=lambda: None, lease_seconds=5)
        return str(failure.value)

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(join, range(10))) == {"no luck"}
    assert len(calls) == 1


def test_a_leader_releases_only_its_own_lease():
    def outlive_the_lease() -> str:
        with redis_errors() as redis:
            redis.set(key("flight", "work"), "the next leader", px=5000)
        return "late"

    single_flight("work", lead=outlive_the_lease, ready=lambda: None, lease_seconds=5)
    with redis_errors() as redis:
        assert redis.get(key("flight", "work")) == b"the next leader"


def test_different_names_do_not_wait_for_each_other():
    work, other = Work(1.0), Work(0)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(single_flight, "work", lead=work.lead, ready=work.ready, lease_seconds=5)
        started = time.monotonic()
        single_flight("other", lead=other.lead, ready=other.ready, lease_seconds=5)
        assert time.monotonic() - started < 0.8
        slow.result()


def test_a_living_leader_keeps_its_lead_beyond_the_lock(redis_client):
    work = Work(LOCK_SECONDS + 1)
    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(single_flight, "work", lead=work.lead, ready=work.ready, lease_seconds=20)
        time.sleep(LOCK_SECONDS + 0.6)
        assert redis_client.pttl(key("flight", "work")) > 1000
        leading.result()
    assert not redis_client.exists(key("flight", "work"))


def test_a_living_leader_takes_back_a_lock_that_a_flush_has_lost(redis_client):
    work = Work(2)
    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(single_flight, "work", lead=work.lead, ready=work.ready, lease_seconds=20)
        time.sleep(0.3)
        redis_client.flushall()
        time.sleep(1.2)
        assert redis_client.exists(key("flight", "work"))
        leading.result()


def test_a_leader_that_hangs_loses_its_lead_when_the_lease_ends(redis_client):
    work = Work(LOCK_SECONDS + 3)
    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(single_flight, "work", lead=work.lead, ready=lambda: None, lease_seconds=LOCK_SECONDS + 1)
        time.sleep(LOCK_SECONDS + 2.2)
        assert not redis_client.exists(key("flight", "work"))
        leading.result()


def test_who_came_later_waits_on_when_the_first_of_its_process_gave_up():
    with redis_errors() as redis:
        redis.set(key("flight", "work"), "slow process", px=1500)
    work = Work(0)
    with ThreadPoolExecutor(2) as pool:
        patience = {"lead": work.lead, "ready": work.ready, "lease_seconds": 5}
        first = pool.submit(single_flight, "work", **patience, wait_seconds=0.5)
        time.sleep(0.2)
        second = pool.submit(single_flight, "work", **patience, wait_seconds=4)
        with pytest.raises(WaitedTooLong):
            first.result()
        assert second.result() == "result 1"
