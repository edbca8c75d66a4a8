"""How many codes were issued per day: one query over an index, and days that are over are remembered for an hour."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Value

from apps.codes.models import IssuedCode
from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.tokens.policy import WECHAT_ZONE

DAYS = 30
# Counting a month of a million codes takes 0.25 s (SQLite) to 0.4 s (PostgreSQL), two days of it 0.03 s.
REMEMBERED_SECONDS = 3600


@dataclass(frozen=True)
class DayCount:
    """A day in Asia/Shanghai, and how many codes were issued on it."""

    day: date
    count: int


def count_per_day(*, now: datetime, days: int = DAYS) -> list[DayCount]:
    """The last `days` days, today as the last of them; a day without a code counts 0."""
    today = now.astimezone(WECHAT_ZONE).date()
    listed = [today - timedelta(days=back) for back in reversed(range(days))]
    # yesterday's last rows may still be on their way into the database
    finished = listed[:-2]
    counts = _recall(finished)
    fresh = _count([day for day in listed if day not in counts])
    _remember({day: fresh[day] for day in finished if day in fresh})
    return [DayCount(day, (counts | fresh)[day]) for day in listed]


def _count(days: list[date]) -> dict[date, int]:
    # a range of the index per day: grouping by a computed day took SQLite 14 s
    ranges = [_on(day, number) for number, day in enumerate(days)]
    found = {row["number"]: row["count"] for row in ranges[0].union(*ranges[1:], all=True)}
    return {day: found.get(number, 0) for number, day in enumerate(days)}


def _on(day: date, number: int) -> Any:
    begin = datetime.combine(day, time.min, WECHAT_ZONE)
    end = datetime.combine(day + timedelta(days=1), time.min, WECHAT_ZONE)
    found = IssuedCode.objects.order_by().filter(issued_at__gte=begin, issued_at__lt=end)
    return found.values(number=Value(number)).annotate(count=Count("*"))


def _recall(days: Iterable[date]) -> dict[date, int]:
    wanted = list(days)
    try:
        with redis_errors() as redis:
            stored = redis.mget([_key(day) for day in wanted])
    except CoordinationUnavailable:
        return {}
    return {day: int(count) for day, count in zip(wanted, stored, strict=True) if count is not None}


def _remember(counts: dict[date, int]) -> None:
    if not counts:
        return
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        pipeline = redis.pipeline(transaction=False)
        for day, count in counts.items():
            pipeline.set(_key(day), count, ex=REMEMBERED_SECONDS)
        pipeline.execute()


def _key(day: date) -> str:
    return key("codes-issued", day.isoformat())
