"""The process that fetches is killed with kill -9 in the middle: another takes over soon, and nobody is refused."""

import time

import pytest

from apps.coordination.leases import LOCK_SECONDS
from apps.miniprograms.models import TokenMode
from apps.tokens import store
from apps.tokens.services import get_access_token
from tests.drills.test_stampede import ENDPOINT, make_bad
from tests.parts import make_miniprogram
from tests.waiting import wait_until

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
SMALL = {"processes": 4, "threads": 10}
# what looking every quarter second, one fetch and a busy machine add
SLACK_SECONDS = 1.9

both_modes = pytest.mark.parametrize("mode", TokenMode.values)


@pytest.fixture
def doomed(sandbox, fleet):
    """`doomed(action, miniprogram)`: a process in the middle of its fetch, which WeChat does not answer."""

    def start(action, miniprogram):
        endpoint = ENDPOINT[miniprogram.token_mode]
        sandbox.fault("hang", endpoint=endpoint, times=1)
        sandbox.clear_calls()
        process = fleet(action, [miniprogram], processes=1, threads=1).go()
        wait_until(lambda: sandbox.count(endpoint), seconds=10)
        return process

    return start


@both_modes
def test_a_cold_store_is_filled_by_the_next_within_the_lease(sandbox, fleet, doomed, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    others = fleet("read", [miniprogram], **SMALL)
    doomed("read", miniprogram).kill()
    report = others.run()
    measured(fetches=sandbox.count(ENDPOINT[mode]), **report.summary())
    assert report.outcomes == {"token": 40}
    assert report.slowest < LOCK_SECONDS + SLACK_SECONDS
    assert sandbox.count(ENDPOINT[mode]) == 2


@both_modes
def test_a_rejected_token_is_replaced_by_the_next_within_the_lease(sandbox, fleet, doomed, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    make_bad(sandbox, miniprogram)
    others = fleet("replace", [miniprogram], **SMALL)
    doomed("replace", miniprogram).kill()
    report = others.run()
    measured(fetches=sandbox.count(ENDPOINT[mode]), **report.summary())
    assert report.outcomes == {"token": 40}
    assert report.slowest < LOCK_SECONDS + SLACK_SECONDS
    assert sandbox.count(ENDPOINT[mode]) == 2


@both_modes
def test_readers_of_a_living_token_notice_nothing(sandbox, fleet, doomed, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    get_access_token(miniprogram, requested_by="drill")
    readers = fleet("read", [miniprogram], **SMALL, seconds=3)
    leader = doomed("refresh", miniprogram)
    readers.go()
    time.sleep(1)
    leader.kill()
    report = readers.report()
    measured(fetches=sandbox.count(ENDPOINT[mode]), **report.summary())
    assert set(report.outcomes) == {"token"}
    assert len(report.tokens(miniprogram.appid)) == 1
    assert sandbox.count(ENDPOINT[mode]) == 1


def test_readers_are_served_the_previous_token_while_nobody_can_fetch(sandbox, fleet, doomed):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    now = time.time()
    for value, seconds in (("the previous one", 7200), ("the current one", 5)):
        record = store.find_record(miniprogram.appid)
        store.write_record(
            miniprogram.appid,
            value=value,
            expires_at=now + seconds,
            source="classic",
            now=now,
            seen_version=record.version if record else 0,
            is_old_rejected=False,
        )
    doomed("refresh", miniprogram).kill()
    report = fleet("read", [miniprogram], **SMALL).run()
    assert (report.outcomes, report.slowest < 2) == ({"token": 40}, True)


@both_modes
def test_a_slow_but_living_leader_is_not_overtaken(sandbox, fleet, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    sandbox.latency(LOCK_SECONDS + 1, endpoint=ENDPOINT[mode])
    report = fleet("read", [miniprogram], **SMALL).run()
    measured(fetches=sandbox.count(ENDPOINT[mode]), **report.summary())
    assert report.outcomes == {"token": 40}
    assert sandbox.count(ENDPOINT[mode]) == 1
