"""Single flight: one leader, followers with its result or its failure, waits that end."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from apps.coordination import single_flight as flights
from apps.coordination.connection import key
from apps.coordination.single_flight import SharedFailure, WaitedTooLong, single_flight
from apps.errors import Conflict
from tests.waiting import wait_until

LOCK = key("flight", "work")
# longer than any machine takes: what is to end sooner is ended by the test
PATIENCE = {"lease_seconds": 120, "wait_seconds": 120}


class Work:
    """A piece of work whose result is visible to `ready`, as a store would make it."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.meanwhile, self.count, self.result = meanwhile, 0, None

    def lead(self) -> str:
        self.count += 1
        self.meanwhile()
        self.result = f"result {self.count}"
        return self.result

    def ready(self) -> str | None:
        return self.result


class Looks:
    """What `ready` sees at its first look, its second, and so on; the last for ever. A function is called for it."""

    def __init__(self, *seen: object) -> None:
        self.seen, self.count = seen, 0

    def __call__(self) -> str | None:
        seen = self.seen[min(self.count, len(self.seen) - 1)]
        self.count += 1
        return seen() if callable(seen) else seen


@pytest.fixture(autouse=True)
def _followers_look_often(monkeypatch):
    monkeypatch.setattr(flights, "LONGEST_POLL_SECONDS", 0.01)


@pytest.fixture
def led_elsewhere(redis_client: Redis) -> None:
    """Another process has the lead."""
    redis_client.set(LOCK, "leader", px=60_000)


def join_together(count: int, **flight: Callable[[], object]) -> list[object]:
    """What `count` threads get of one flight that lasts until all the others wait; failures as text."""
    waiting = threading.Semaphore(0)

    def lead() -> object:
        for _ in range(count - 1):
            assert waiting.acquire(timeout=60)
        return flight["lead"]()

    def join(_number: int) -> object:
        try:
            return single_flight("work", **{**flight, "lead": lead}, before_wait=waiting.release, **PATIENCE)
        except Conflict as error:
            return str(error)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(join, range(count)))


def test_fifty_threads_make_one_piece_of_work():
    work = Work()
    assert join_together(50, lead=work.lead, ready=work.ready) == ["result 1"] * 50
    assert work.count == 1


def test_threads_that_waited_for_a_failing_leader_fail_the_same_way():
    calls = []

    def fail() -> str:
        calls.append(1)
        raise Conflict("no luck")

    assert join_together(10, lead=fail, ready=lambda: None) == ["no luck"] * 10
    assert len(calls) == 1


def test_what_is_ready_needs_no_flight():
    work = Work()
    work.result = "there already"
    assert single_flight("work", lead=work.lead, ready=work.ready, lease_seconds=5) == "there already"
    assert work.count == 0


def test_a_follower_of_another_process_takes_its_result(led_elsewhere):
    work, look = Work(), Looks(None, None, "made elsewhere")
    assert single_flight("work", lead=work.lead, ready=look, **PATIENCE) == "made elsewhere"
    assert work.count == 0


def test_a_follower_learns_why_its_leader_failed(led_elsewhere, redis_client):
    problem = Conflict("no luck", errcode=40125, rid="a-b-c", advice="mend it").as_problem()

    def fail_elsewhere() -> None:
        redis_client.set(f"{LOCK}:leader", json.dumps({"problem": problem, "retry_after": 7}), px=60_000)
        redis_client.delete(LOCK)

    work = Work()
    with pytest.raises(SharedFailure) as failure:
        single_flight("work", lead=work.lead, ready=Looks(None, fail_elsewhere, None), **PATIENCE)
    assert (failure.value.as_problem(), failure.value.retry_after, work.count) == (problem, 7, 0)


def test_a_dead_leader_is_replaced_when_its_lease_ends(led_elsewhere, clock):
    work, look = Work(), Looks(None, lambda: clock.advance(61), None)
    assert single_flight("work", lead=work.lead, ready=look, **PATIENCE) == "result 1"
    assert look.count >= 2


def test_nobody_waits_without_a_bound(led_elsewhere, clock):
    work, look = Work(), Looks(None, lambda: clock.advance(30), lambda: pytest.fail("it waits on"))
    with pytest.raises(WaitedTooLong) as waited:
        single_flight("work", lead=work.lead, ready=look, lease_seconds=120, wait_seconds=30)
    assert (waited.value.retry_after, work.count) == (2, 0)


def test_who_leads_alone_looks_once():
    look = Looks(None)
    assert single_flight("work", lead=Work().lead, ready=look, lease_seconds=5) == "result 1"
    assert look.count == 1


@pytest.mark.parametrize("kept_its_lock", [True, False])
def test_who_leads_right_after_another_one_looks_again(redis_client, kept_its_lock):
    """Another process ends between this one's look and its lock, even one whose lock had run out by then."""
    work, elsewhere = Work(), Work()

    def lead_elsewhere() -> str:
        if not kept_its_lock:
            redis_client.delete(LOCK)
        return elsewhere.lead()

    def look() -> str | None:
        if elsewhere.count:
            return elsewhere.result
        # the threads of a process share a flight: here it looks like two processes
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(flights, "_flights", {})
            single_flight("work", lead=lead_elsewhere, ready=lambda: None, lease_seconds=5)
        return None

    assert single_flight("work", lead=work.lead, ready=look, lease_seconds=5) == "result 1"
    assert (work.count, elsewhere.count) == (0, 1)


def test_different_names_do_not_wait_for_each_other():
    is_done = threading.Event()
    slow, other = Work(lambda: is_done.wait(60)), Work()
    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(single_flight, "work", lead=slow.lead, ready=slow.ready, **PATIENCE)
        wait_until(lambda: slow.count)
        single_flight("other", lead=other.lead, ready=other.ready, **PATIENCE)
        assert slow.result is None
        is_done.set()
        assert leading.result() == "result 1"


def test_who_came_later_waits_on_when_the_first_of_its_process_gave_up(led_elsewhere, redis_client, clock):
    work, first_waits, second_waits = Work(), threading.Event(), threading.Event()
    flight = {"lead": work.lead, "ready": work.ready, "lease_seconds": 120}
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(single_flight, "work", **flight, wait_seconds=40, before_wait=first_waits.set)
        assert first_waits.wait(60)
        second = pool.submit(single_flight, "work", **flight, wait_seconds=500, before_wait=second_waits.set)
        assert second_waits.wait(60)
        clock.advance(40)
        with pytest.raises(WaitedTooLong):
            first.result()
        redis_client.delete(LOCK)
        assert second.result() == "result 1"
