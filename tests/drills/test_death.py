"""The process that fetches is killed with kill -9 in the middle: another takes over soon, and nobody is refused."""

import time
from hashlib import sha256

import pytest

from apps.coordination.leases import LOCK_SECONDS
from apps.miniprograms.models import TokenMode
from apps.tokens import store
from apps.tokens.services import get_access_token
from tests.drills.sizes import SIZES, Crowd
from tests.drills.test_stampede import ENDPOINT, fetches, make_bad
from tests.parts import make_miniprogram
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = SIZES.survivors
# ten times the lease of the dead one: who waits longer is refused
PATIENCE_SECONDS = 10 * LOCK_SECONDS


@pytest.fixture
def doomed(sandbox, fleet):
    """`doomed(action, miniprogram)`: a process in the middle of its fetch, which WeChat does not answer."""

    def start(action, miniprogram):
        endpoint = ENDPOINT[miniprogram.token_mode]
        before = sandbox.count(endpoint, appid=miniprogram.appid)
        sandbox.fault("hang", endpoint=endpoint, appid=miniprogram.appid, times=1)
        process = fleet(action, [miniprogram], Crowd(1, 1), patience=PATIENCE_SECONDS).go()
        wait_until(lambda: sandbox.count(endpoint, appid=miniprogram.appid) > before, seconds=60)
        return process

    return start


def of_each_mode(sandbox):
    return [make_miniprogram(sandbox, token_mode=mode) for mode in TokenMode.values]


def test_a_killed_leader_is_replaced_by_the_next_once_its_lease_is_over(sandbox, fleet, doomed, measured):
    """Of a cold store, and of a rejected token, in both modes: four leaders die, and all wait for the same seconds."""
    cold, bad = of_each_mode(sandbox), of_each_mode(sandbox)
    for miniprogram in bad:
        make_bad(sandbox, miniprogram)
    wanted = [("read", each) for each in cold] + [("replace", each) for each in bad]
    fleets = [fleet(action, [each], SMALL, patience=PATIENCE_SECONDS) for action, each in wanted]
    for action, miniprogram in wanted:
        doomed(action, miniprogram).kill()
    for others in fleets:
        others.go()
    reports = [others.report() for others in fleets]
    measured(fetches=fetches(sandbox, cold + bad), slowest=[report.slowest for report in reports])
    assert [report.outcomes for report in reports] == [{"token": SMALL.callers}] * 4
    # the dead one's, and one more for all
    assert fetches(sandbox, cold + bad) == [2] * 4


def test_readers_of_a_living_token_notice_nothing(sandbox, fleet, doomed, measured):
    miniprograms = of_each_mode(sandbox)
    for miniprogram in miniprograms:
        get_access_token(miniprogram, requested_by="drill")
    readers = fleet("read", miniprograms, SMALL, repeats=True)
    leaders = [doomed("refresh", miniprogram) for miniprogram in miniprograms]
    readers.go()
    readers.wait_for_answers(SIZES.answers_per_phase)
    for leader in leaders:
        leader.kill()
    readers.wait_for_answers(SIZES.answers_per_phase)
    report = readers.stop()
    measured(fetches=fetches(sandbox, miniprograms), **report.summary())
    assert set(report.outcomes) == {"token"}
    assert [len(report.tokens(each.appid)) for each in miniprograms] == [1, 1]
    # the one before, and the dead one's
    assert fetches(sandbox, miniprograms) == [2, 2]


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
    report = fleet("read", [miniprogram], SMALL).run()
    assert report.outcomes == {"token": SMALL.callers}
    # nobody waited until the dead one's lease was over, and fetched
    assert report.tokens(miniprogram.appid) == {sha256(b"the previous one").hexdigest()}
    assert sandbox.count(ENDPOINT["classic"]) == 1


def test_a_slow_but_living_leader_is_not_overtaken(sandbox, fleet, measured):
    miniprograms = of_each_mode(sandbox)
    sandbox.latency(LOCK_SECONDS + 1)
    report = fleet("read", miniprograms, SMALL, patience=PATIENCE_SECONDS).run()
    measured(fetches=fetches(sandbox, miniprograms), **report.summary())
    assert report.outcomes == {"token": SMALL.callers}
    assert fetches(sandbox, miniprograms) == [1, 1]
