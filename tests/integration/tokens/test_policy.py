"""When to refresh and how long to pause: decisions about times, and how they look from outside."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.errors import WxcodeError
from apps.tokens import policy, trouble
from apps.tokens.models import Trigger
from apps.tokens.services import get_access_token, refresh_token
from apps.tokens.templatetags.token_cells import cure
from apps.wechat.errcodes import find_errcode
from tests.parts import make_miniprogram

STABLE = "/cgi-bin/stable_token"
MINUTE, HOUR = 60, 3600
CREDENTIAL_PAUSES = {
    40013: 10 * MINUTE,
    40125: 10 * MINUTE,
    40164: 2 * MINUTE,
    40243: 30 * MINUTE,
    45009: 30 * MINUTE,
    50004: HOUR,
    50007: HOUR,
    61024: HOUR,
    89501: 5 * MINUTE,
    89502: 5 * MINUTE,
    89503: 5 * MINUTE,
    89504: 5 * MINUTE,
    89505: 5 * MINUTE,
    89506: 24 * HOUR,
    89507: HOUR,
}


@pytest.mark.django_db
def test_credential_trouble_pauses_for_its_own_time_and_is_told_until_a_change_ends_it(sandbox):
    pauses, asked, told = {}, {}, {}
    for errcode in CREDENTIAL_PAUSES:
        miniprogram = make_miniprogram(sandbox)
        sandbox.fault("errcode", errcode=errcode, endpoint=STABLE, appid=miniprogram.appid)
        told[errcode] = [refusal(miniprogram)["errcode"] for _ in range(3)]
        known = trouble.find_trouble(miniprogram.appid)
        assert (known.errcode, known.is_credential, cure(known)) == (errcode, True, find_errcode(errcode).cure)
        pauses[errcode] = round(known.until - known.at)
        asked[errcode] = sandbox.count(STABLE, appid=miniprogram.appid)
        sandbox.clear_faults()
        miniprogram.save()
        assert get_access_token(miniprogram, requested_by="test").value
    assert pauses == CREDENTIAL_PAUSES
    assert asked == dict.fromkeys(CREDENTIAL_PAUSES, 1)
    assert told == {errcode: [errcode] * 3 for errcode in CREDENTIAL_PAUSES}


def refusal(miniprogram):
    """The problem that a caller without a token is told."""
    with pytest.raises(WxcodeError) as refused:
        get_access_token(miniprogram, requested_by="test")
    return refused.value.as_problem()


@pytest.mark.django_db
def test_a_success_ends_the_row_of_failures(sandbox):
    miniprogram = make_miniprogram(sandbox)
    for _ in range(2):
        sandbox.fault("ip_not_allowed", times=1)
        with pytest.raises(WxcodeError):
            refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test")
        assert trouble.find_trouble(miniprogram.appid).failures == 1
        refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test")
        assert trouble.find_trouble(miniprogram.appid) is None


def test_pauses_grow_to_their_longest_and_no_further():
    offenders = []
    for errcode, (first, longest) in policy.CREDENTIAL_PAUSES.items():
        pauses = [policy.pause_seconds(errcode=errcode, code="x", failures=count) for count in range(1, 40)]
        if (pauses[0], pauses[-1], pauses) != (first, longest, sorted(pauses)):
            offenders.append((errcode, pauses))
    assert offenders == []


@pytest.mark.parametrize(("errcode", "code"), [(-1, "wechat_busy"), (None, "wechat_timeout"), (99999, "wechat_error")])
def test_a_busy_wechat_is_tried_again_within_seconds(errcode, code):
    assert policy.pause_seconds(errcode=errcode, code=code, failures=1) <= 5
    assert policy.pause_seconds(errcode=errcode, code=code, failures=30) <= 2 * MINUTE
    assert not policy.is_credential_trouble(errcode=errcode, code=code)


def test_a_secret_that_cannot_be_read_is_the_operators_business():
    assert policy.is_credential_trouble(errcode=None, code="secret_unavailable")
    assert policy.pause_seconds(errcode=None, code="secret_unavailable", failures=1) == MINUTE


@settings(deadline=None)
@given(fetched_at=st.floats(1_700_000_000, 2_000_000_000), left=st.integers(300, 7200), jitter=st.floats(0, 1))
def test_a_stable_token_is_asked_for_only_in_its_last_five_minutes(fetched_at, left, jitter):
    expires_at = fetched_at + left
    at = policy.next_refresh_at(token_mode="stable", fetched_at=fetched_at, expires_at=expires_at, jitter=jitter)
    assert fetched_at < at < expires_at
    assert expires_at - at < policy.STABLE_RENEWAL_SECONDS
    # the beat that comes up to a minute later still finds it alive
    assert expires_at - at - MINUTE > policy.LAST_USABLE_SECONDS


@settings(deadline=None)
@given(fetched_at=st.floats(1_700_000_000, 2_000_000_000), jitter=st.floats(0, 1))
def test_a_classic_token_is_replaced_about_hourly(fetched_at, jitter):
    at = policy.next_refresh_at(
        token_mode="classic", fetched_at=fetched_at, expires_at=fetched_at + 7200, jitter=jitter
    )
    assert HOUR - 301 <= at - fetched_at <= HOUR


def test_mini_programs_added_together_are_not_refreshed_together():
    times = {policy.next_refresh_at(token_mode="classic", fetched_at=0, expires_at=7200) for _ in range(50)}
    assert len(times) > 45 and max(times) - min(times) > MINUTE


def test_a_short_lived_classic_token_is_replaced_at_half_its_life():
    assert policy.next_refresh_at(token_mode="classic", fetched_at=0, expires_at=600) == 300


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-11-21T15:59:59+00:00", "2026-11-21"),
        ("2026-11-21T16:00:00+00:00", "2026-11-22"),
        ("2026-12-31T16:00:00+00:00", "2027-01-01"),
    ],
)
def test_wechats_day_begins_at_midnight_in_shanghai(moment, day):
    now = datetime.fromisoformat(moment).timestamp()
    assert policy.wechat_day(now) == day
    assert policy.wechat_month(now) == day[:7]
    assert policy.wechat_day(now + policy.seconds_to_next_day(now)) > day
    assert policy.wechat_day(now + policy.seconds_to_next_day(now) - 1) == day


def test_rejections_in_a_row_are_answered_ever_more_slowly():
    pauses = [policy.rejection_pause_seconds(rejections=count) for count in range(1, 10)]
    assert pauses[0] == 30 and pauses[-1] == 600 and pauses == sorted(pauses)
