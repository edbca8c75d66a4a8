"""WeChat's quotas: so many calls per minute, day or month."""

from collections import deque
from dataclasses import dataclass, field

CODE_CALLS_PER_MINUTE = 5_000
TOKEN_FETCHES_PER_DAY = 2_000
STABLE_TOKEN_CALLS_PER_MINUTE = 10_000
STABLE_TOKEN_CALLS_PER_DAY = 500_000
FORCED_REFRESHES_PER_DAY = 20
FORCED_REFRESH_GAP_SECONDS = 30
QUOTA_CLEARS_PER_MONTH = 10
UNCHECKED_PAGES = 60_000
LIFETIME_CODES = 100_000
MINUTE_SECONDS = 60


@dataclass
class PeriodQuota:
    """At most `limit` calls in one period; the caller's clock numbers the periods."""

    limit: int
    period: int = 0
    used: int = 0

    def take(self, period: int) -> bool:
        """Use one call of this period; False if none is left."""
        if period != self.period:
            self.period, self.used = period, 0
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def used_in(self, period: int) -> int:
        return self.used if period == self.period else 0

    def clear(self) -> None:
        self.used = 0


@dataclass
class MinuteQuota:
    """At most `limit` calls in any 60 seconds and in any calendar minute: which one WeChat counts is unknown."""

    limit: int
    calendar: PeriodQuota = field(init=False)
    recent: deque[float] = field(init=False, default_factory=deque)

    def __post_init__(self) -> None:
        self.calendar = PeriodQuota(self.limit)

    def take(self, now: float) -> bool:
        """Use one call at `now`, Unix seconds; False if none is left."""
        recent = self.recent
        if recent and recent[-1] > now:  # the clock was moved back
            self.clear()
        while recent and recent[0] <= now - MINUTE_SECONDS:
            recent.popleft()
        if len(recent) >= self.limit or not self.calendar.take(int(now // MINUTE_SECONDS)):
            return False
        recent.append(now)
        return True

    def clear(self) -> None:
        self.recent.clear()
        self.calendar.clear()
