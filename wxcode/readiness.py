"""What this process last found out about its readiness: remembered for a moment, and logged when it changes."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger("wxcode.readiness")

REMEMBERED_SECONDS = 5.0


@dataclass(frozen=True)
class Found:
    """A line for each part, and when they were found (monotonic)."""

    parts: dict[str, str]
    found_at: float

    @property
    def failing(self) -> list[str]:
        return [name for name, line in self.parts.items() if not is_well(line)]

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.found_at < REMEMBERED_SECONDS


def is_well(line: str) -> bool:
    return line.startswith("ok")


class Readiness:
    """The parts as `find_parts` finds them: `look` each time, `recall` as often as anybody likes."""

    def __init__(self, find_parts: Callable[[], dict[str, str]]) -> None:
        self._find_parts = find_parts
        self._looking = threading.Lock()
        self._noting = threading.Lock()
        self._last: Found | None = None
        self._unready_since = 0.0

    def look(self) -> Found:
        found = Found(self._find_parts(), time.monotonic())
        with self._noting:
            self._tell(before=self._last, now=found)
            self._last = found
        return found

    def recall(self) -> Found:
        """Not older than five seconds, or what was known before while somebody else is looking."""
        last = self._last
        if last is not None and (last.is_fresh or self._looking.locked()):
            return last
        with self._looking:
            # whoever waited for another takes what that one found
            last = self._last
            return last if last is not None and last.is_fresh else self.look()

    def forget(self) -> None:
        self._last = None

    def _tell(self, *, before: Found | None, now: Found) -> None:
        """One line when the failing parts change; one for each question would fill the log during an outage."""
        known = before.failing if before else []
        if now.failing == known:
            return
        if not known:
            self._unready_since = now.found_at
        if now.failing:
            lines = "; ".join(f"{name}: {now.parts[name]}" for name in now.failing)
            # what is still starting is no fault yet
            logger.log(logging.ERROR if before else logging.WARNING, "not ready: %s", lines)
        else:
            logger.info("ready again after %.0f s", now.found_at - self._unready_since)
