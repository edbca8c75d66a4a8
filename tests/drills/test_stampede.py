"""Many processes of many threads want the same token at one moment: one fetch, and nobody fails."""

import pytest

from apps.miniprograms.models import TokenMode
from apps.tokens.models import Trigger
from apps.tokens.services import refresh_token
from tests.drills.sizes import SIZES
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)
ENDPOINT = {TokenMode.CLASSIC: "/cgi-bin/token", TokenMode.STABLE: "/cgi-bin/stable_token"}
PROBE = "/cgi-bin/get_api_domain_ip"
EACH_MODE = SIZES.many_miniprograms // 2
CROWD, CALLERS = SIZES.stampede, SIZES.stampede.callers
# with 800 threads on two cores one may wait longer for its turn than a service waits for Redis, which is not away
# here, or for another's fetch, which ended long before
PATIENCE_SECONDS = 60

both_modes = pytest.mark.parametrize("mode", TokenMode.values)


def make_bad(sandbox, miniprogram):
    """A token of the mini-program that WeChat rejects from now on, long before its end."""
    token = refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="drill")
    for _ in range(2):
        sandbox.steal(miniprogram.appid, miniprogram.token_mode)
    sandbox.clear_calls()
    return token


@pytest.fixture
def rush(fleet, measured):
    """`rush("read", miniprograms)`: what became of the whole crowd."""

    def run(action, miniprograms):
        report = fleet(action, miniprograms, CROWD, patience=PATIENCE_SECONDS).run()
        measured(**report.summary())
        return report

    return run


@both_modes
def test_a_cold_store_costs_one_fetch(sandbox, rush, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    sandbox.latency(SIZES.latency, endpoint=ENDPOINT[mode])
    report = rush("read", [miniprogram])
    assert report.outcomes == {"token": CALLERS}
    assert len(report.tokens(miniprogram.appid)) == 1
    assert sandbox.count(ENDPOINT[mode]) == 1


@both_modes
def test_a_token_gone_bad_costs_one_fetch(sandbox, rush, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    make_bad(sandbox, miniprogram)
    sandbox.latency(SIZES.latency, endpoint=ENDPOINT[mode])
    report = rush("replace", [miniprogram])
    assert report.outcomes == {"token": CALLERS}
    assert len(report.tokens(miniprogram.appid)) == 1
    assert sandbox.count(ENDPOINT[mode]) == 1


@both_modes
def test_calls_that_meet_a_token_gone_bad_all_succeed_with_the_next(sandbox, rush, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    make_bad(sandbox, miniprogram)
    report = rush("probe", [miniprogram])
    assert report.outcomes == {"token": CALLERS}
    assert sandbox.count(ENDPOINT[mode]) == 1
    # every call twice; in classic mode one more tells whether another's fetch ended the token (apps/tokens/theft.py)
    assert sandbox.count(PROBE) <= 2 * CALLERS + (mode == TokenMode.CLASSIC)
    assert sandbox.count(PROBE, successful=True) == CALLERS


def test_many_cold_mini_programs_cost_one_fetch_each(sandbox, rush):
    miniprograms = [make_miniprogram(sandbox, token_mode=mode) for mode in TokenMode.values for _ in range(EACH_MODE)]
    sandbox.latency(SIZES.latency)
    report = rush("read", miniprograms)
    assert report.outcomes == {"token": CALLERS}
    assert fetches(sandbox, miniprograms) == [1] * len(miniprograms)


def test_many_tokens_gone_bad_cost_one_fetch_each(sandbox, rush):
    miniprograms = [make_miniprogram(sandbox, token_mode=mode) for mode in TokenMode.values for _ in range(EACH_MODE)]
    for miniprogram in miniprograms:
        make_bad(sandbox, miniprogram)
    sandbox.latency(SIZES.latency)
    report = rush("replace", miniprograms)
    assert report.outcomes == {"token": CALLERS}
    assert fetches(sandbox, miniprograms) == [1] * len(miniprograms)


def fetches(sandbox, miniprograms):
    return [sandbox.count(ENDPOINT[each.token_mode], appid=each.appid) for each in miniprograms]
