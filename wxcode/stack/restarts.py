"""When a process that ended by itself is started again: soon, then after pauses that double."""

from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True)
class _Plan:
    pause: float
    at: float


class Restarts:
    """The plans, by the name of the process; moments are monotonic seconds."""

    def __init__(self) -> None:
        self._plans: dict[str, _Plan] = {}
        self._pending: set[str] = set()

    def plan(self, name: str, *, lived_seconds: float, now: float) -> float:
        """Note that `name` ended; answer the seconds until it is started again."""
        before = self._plans.get(name)
        # who lived for so long had no trouble with its start
        is_first = before is None or lived_seconds >= LONGEST_PAUSE_SECONDS
        pause = FIRST_PAUSE_SECONDS if before is None or is_first else min(before.pause * 2, LONGEST_PAUSE_SECONDS)
        self._plans[name] = _Plan(pause, now + pause)
        self._pending.add(name)
        return pause

    def take_due(self, *, now: float) -> list[str]:
        """Those whose pause is over, each once."""
        due = sorted(name for name in self._pending if self._plans[name].at <= now)
        self._pending.difference_update(due)
        return due
