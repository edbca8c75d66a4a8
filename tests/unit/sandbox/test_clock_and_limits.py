"""The clock's calendar and the quotas that follow it."""

import pytest

from apps.sandbox.clock import Clock
from apps.sandbox.limits import CODE_CALLS_PER_MINUTE, MinuteQuota, PeriodQuota
from tests.unit.sandbox.weixin import NOON


def at(moment: float) -> Clock:
    return Clock(source=lambda: moment)


def test_the_clock_moves_by_what_it_is_told():
    clock = at(NOON)
    clock.advance(90)
    clock.advance(-30)
    assert clock.now() == NOON + 60


def test_the_day_changes_at_midnight_in_shanghai():
    midnight = NOON + 12 * 3600
    assert at(midnight - 1).day() == at(NOON).day()
    assert at(midnight).day() == at(NOON).day() + 1


def test_the_month_is_the_one_in_shanghai():
    # 2026-11-30 23:59:59 and 2026-12-01 00:00:00 in Shanghai
    assert at(1_796_054_399).month() == 202611
    assert at(1_796_054_400).month() == 202612


def test_a_period_gives_its_limit_and_the_next_period_gives_it_again():
    quota = PeriodQuota(2)
    assert [quota.take(1), quota.take(1), quota.take(1), quota.take(2)] == [True, True, False, True]


def test_five_thousand_calls_fit_into_a_minute_and_no_more():
    quota = MinuteQuota(CODE_CALLS_PER_MINUTE)
    assert all(quota.take(NOON + number / 1000) for number in range(5000))
    assert not quota.take(NOON + 5.1)


def test_a_new_calendar_minute_does_not_free_calls_of_the_last_sixty_seconds():
    quota = MinuteQuota(2)
    assert quota.take(NOON + 59) and quota.take(NOON + 59.5)
    assert not quota.take(NOON + 61)
    assert quota.take(NOON + 119)


def test_refused_calls_do_not_count():
    quota = MinuteQuota(1)
    quota.take(NOON)
    assert not any(quota.take(NOON + second) for second in range(1, 60))
    assert quota.take(NOON + 60)


def test_moving_the_clock_back_starts_the_minute_again():
    quota = MinuteQuota(1)
    quota.take(NOON)
    assert quota.take(NOON - 3600)


@pytest.mark.parametrize("quota", [PeriodQuota(1), MinuteQuota(1)])
def test_a_cleared_quota_is_whole_again(quota):
    quota.take(100)
    quota.clear()
    assert quota.take(100)
