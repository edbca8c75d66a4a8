"""The one clock of the sandbox: it can be moved, and it knows WeChat's calendar (Asia/Shanghai, no summer time)."""

import time
from collections.abc import Callable

SHANGHAI_OFFSET_SECONDS = 8 * 3600
DAY_SECONDS = 86_400


class Clock:
    """Unix seconds plus an offset; `source` replaces the machine's clock in tests."""

    def __init__(self, *, source: Callable[[], float] = time.time, offset_seconds: float = 0.0) -> None:
        self.source = source
        self.offset_seconds = offset_seconds

    def now(self) -> float:
        return self.source() + self.offset_seconds

    def advance(self, seconds: float) -> None:
        self.offset_seconds += seconds

    def day(self) -> int:
        """A number that changes at midnight in Shanghai."""
        return int((self.now() + SHANGHAI_OFFSET_SECONDS) // DAY_SECONDS)

    def month(self) -> int:
        """Year and month in Shanghai, such as 202611."""
        moment = time.gmtime(self.now() + SHANGHAI_OFFSET_SECONDS)
        return moment.tm_year * 100 + moment.tm_mon

    def minute(self) -> int:
        """A number that changes with every calendar minute."""
        return int(self.now() // 60)
