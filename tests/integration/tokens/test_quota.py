"""The quota meter: a warning at half, a guard at nine tenths for what can wait, WeChat's day, forced refreshes."""

import time

import pytest
import time_machine

from apps.tokens import quota
from apps.tokens.models import TokenEvent, Trigger
from apps.tokens.policy import seconds_to_next_day
from apps.tokens.services import get_access_token, refresh_token, replace_rejected_token
from apps.tokens.sources import TokenStillRejected
from apps.wechat.failures import NotReached
from tests.parts import make_miniprogram

APPID = "wx0123456789abcdef"
NOON, BEFORE_MIDNIGHT, MIDNIGHT = (
    "2026-11-21T12:00:00+08:00",
    "2026-11-21T23:59:58+08:00",
    "2026-11-22T00:00:00+08:00",
)


@pytest.fixture(autouse=True)
def _no_day_ends_by_itself(clock):
    clock.stop()


def at(moment):
    return time_machine.travel(moment, tick=False)


def count(fetches, *, mode="classic", appid=APPID):
    for _ in range(fetches):
        quota.count_fetch(appid, token_mode=mode, now=time.time())


def use(*, mode="classic", appid=APPID):
    return quota.read_use(appid, token_mode=mode, now=time.time())


def fill(redis_client, appid, fetches):
    count(1, appid=appid)
    redis_client.hset(quota._day_key(appid, time.time()), "classic", fetches)


def test_fetches_are_counted_by_mini_program_and_mode():
    count(3)
    count(2, mode="stable")
    count(1, appid="wxfedcba9876543210")
    assert (use().fetches, use(mode="stable").fetches, use(appid="wxfedcba9876543210").fetches) == (3, 2, 1)
    assert use().fetch_limit == 2000


@pytest.mark.parametrize(("fetches", "is_warning"), [(0, False), (999, False), (1000, True), (2500, True)])
def test_the_warning_comes_at_half(redis_client, fetches, is_warning):
    fill(redis_client, APPID, fetches)
    assert use().is_warning is is_warning


@pytest.mark.parametrize(("fetches", "is_refused"), [(1799, False), (1800, True)])
def test_the_guard_comes_at_nine_tenths(redis_client, fetches, is_refused):
    fill(redis_client, APPID, fetches)
    try:
        quota.refuse_if_nearly_gone(APPID, token_mode="classic", now=time.time())
    except quota.QuotaGuarded as guarded:
        assert is_refused and str(fetches) in str(guarded) and guarded.retry_after <= 86_400
    else:
        assert not is_refused


@pytest.mark.django_db
def test_only_what_can_wait_is_guarded(sandbox, redis_client):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    token = get_access_token(miniprogram, requested_by="test")
    fill(redis_client, miniprogram.appid, 1900)
    with pytest.raises(quota.QuotaGuarded):
        refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test")
    assert get_access_token(miniprogram, requested_by="test").value == token.value
    assert replace_rejected_token(miniprogram, rejected=token.value, requested_by="test").value != token.value
    assert refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test").value


@pytest.mark.django_db
def test_a_scheduled_fetch_without_a_token_to_serve_is_not_guarded(sandbox, redis_client):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    fill(redis_client, miniprogram.appid, 1900)
    assert refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test").value


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_a_call_that_did_not_reach_wechat_is_not_counted(sandbox, settings, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    settings.SANDBOX_URL = "http://no-such-name.invalid"
    with pytest.raises(NotReached):
        refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test")
    assert use(mode=mode, appid=miniprogram.appid).fetches == 0


def test_a_new_day_begins_at_midnight_in_shanghai():
    with at(BEFORE_MIDNIGHT):
        count(5)
        assert use().fetches == 5
    with at(MIDNIGHT):
        assert use().fetches == 0
        count(1)
        assert use().fetches == 1


def test_the_guard_says_when_the_next_day_begins(redis_client):
    with at(BEFORE_MIDNIGHT):
        fill(redis_client, APPID, 1900)
        with pytest.raises(quota.QuotaGuarded) as guarded:
            quota.refuse_if_nearly_gone(APPID, token_mode="classic", now=time.time())
        assert guarded.value.retry_after == 2
    with at(MIDNIGHT):
        quota.refuse_if_nearly_gone(APPID, token_mode="classic", now=time.time())


def test_forced_refreshes_are_thirty_seconds_apart():
    with at(NOON) as clock:
        assert quota.may_force(APPID, now=time.time())
        clock.shift(29.9)
        assert not quota.may_force(APPID, now=time.time())
        clock.shift(0.2)
        assert quota.may_force(APPID, now=time.time())
        assert use().forced == 2


def test_twenty_forced_refreshes_make_a_day():
    with at(NOON) as clock:
        granted = 0
        for _ in range(40):
            clock.shift(31)
            granted += quota.may_force(APPID, now=time.time())
        assert granted == use().forced == use().forced_limit == 20
    with at(MIDNIGHT):
        assert quota.may_force(APPID, now=time.time())


@pytest.mark.django_db
def test_a_token_that_stays_rejected_is_forced_once_and_then_told(sandbox, clock):
    # the twenty of one day: not some before midnight and the rest after it
    clock.advance(seconds_to_next_day(time.time()) + 1)
    miniprogram = make_miniprogram(sandbox)
    first = get_access_token(miniprogram, requested_by="test")
    second = replace_rejected_token(miniprogram, rejected=first.value, requested_by="test")
    assert quota.may_force(miniprogram.appid, now=time.time()) is False
    clock.advance(31)
    for _ in range(19):
        assert quota.may_force(miniprogram.appid, now=time.time())
        clock.advance(31)
    with pytest.raises(TokenStillRejected) as refused:
        replace_rejected_token(miniprogram, rejected=second.value, requested_by="test")
    assert refused.value.retry_after == 30
    assert TokenEvent.objects.filter(is_forced=True).count() == 1


@pytest.mark.django_db
def test_a_forced_refresh_that_wechat_ignored_is_not_taken_for_a_new_token(sandbox, redis_client):
    miniprogram = make_miniprogram(sandbox)
    first = get_access_token(miniprogram, requested_by="test")
    second = replace_rejected_token(miniprogram, rejected=first.value, requested_by="test")
    # as if another system had forced the one before: WeChat's 30 s have not gone by, ours have
    redis_client.delete(*redis_client.keys("wxcode:forced-at:*"), *redis_client.keys("wxcode:rejection*"))
    with pytest.raises(TokenStillRejected):
        replace_rejected_token(miniprogram, rejected=second.value, requested_by="test")


def test_clears_are_counted_by_month_and_begin_the_day_anew():
    with at(NOON):
        count(7)
        quota.may_force(APPID, now=time.time())
        quota.count_clear(APPID, now=time.time())
        assert (use().fetches, use().forced, use().clears, use().clear_limit) == (0, 1, 1, 10)
    with at("2026-11-30T23:59:59+08:00"):
        assert use().clears == 1
    with at("2026-12-01T00:00:00+08:00"):
        assert use().clears == 0


def test_without_redis_a_fetch_goes_uncounted(dead_redis):
    dead_redis()
    count(1)


def test_the_counters_do_not_stay_for_ever(redis_client):
    count(1)
    quota.may_force(APPID, now=time.time())
    quota.count_clear(APPID, now=time.time())
    names = redis_client.keys("wxcode:*")
    assert len(names) == 3 and all(redis_client.ttl(name) > 0 for name in names)
