"""The test's side of tests/drills/worker.py: starts the processes, gives the sign, collects what they report."""

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from apps.miniprograms.models import MiniProgram
from tests.drills.forked import Forked
from tests.drills.sizes import Crowd
from tests.waiting import wait_until

PATIENCE_SECONDS = 120
# after the sign, so that every process has seen it
LEAD_SECONDS = 0.2


@dataclass(frozen=True)
class Attempt:
    """One attempt of one thread; `at` and `seconds` count from the sign."""

    appid: str
    pid: int
    outcome: str
    at: float
    seconds: float
    token: str = ""
    status: int = 0
    retry_after: int | None = None


class Fleet:
    """`processes` x `threads` that begin `action` together: once, or until they are told to stop."""

    def __init__(self, fork: Callable[..., list[Forked]], board: Redis) -> None:
        self.fork, self.board = fork, board
        self.name = secrets.token_hex(4)

    def start(
        self,
        action: str,
        miniprograms: Sequence[MiniProgram],
        crowd: Crowd,
        *,
        repeats: bool = False,
        patience: float = 0,
        redis_url: str = "",
    ) -> "Fleet":
        """`patience`: seconds that each may wait for Redis and for another's fetch, in place of the service's own."""
        self.crowd = crowd
        plan = {
            "name": self.name,
            "action": action,
            "appids": [miniprogram.appid for miniprogram in miniprograms],
            "threads": crowd.threads,
            "repeats": repeats,
            "patience": patience,
            "redis_url": redis_url,
        }
        self.processes = self.fork("tests.drills.worker", json.dumps(plan), count=crowd.processes)
        self._wait_for_all("ready")
        return self

    def go(self) -> "Fleet":
        self.began = time.time() + LEAD_SECONDS
        self.board.set(self._key("go"), self.began)
        return self

    def stop(self) -> "Report":
        """Those that repeat begin nothing more; their report."""
        self.board.set(self._key("over"), 1)
        return self.report()

    def report(self) -> "Report":
        """Everybody's attempts, once all have reported."""
        self._wait_for_all("results")
        parts = self.board.lrange(self._key("results"), 0, -1)
        return Report([Attempt(**facts) for part in parts for facts in json.loads(part)])

    def run(self) -> "Report":
        return self.go().report()

    def wait_for_answers(self, more: int) -> None:
        """Return once every thread has begun and ended `more` attempts from now on."""
        before = self._counts()

        def has_come() -> bool:
            counts = self._counts()
            # the one under way began before
            return len(counts) == self.crowd.callers and all(
                count > before.get(thread, 0) + more for thread, count in counts.items()
            )

        self._wait(has_come)

    def wait_until_all_have(self, outcome: str) -> None:
        """Return once that is what every thread's latest attempt has come to."""
        expected = [outcome.encode()] * self.crowd.callers
        self._wait(lambda: self.board.hvals(self._key("latest")) == expected)

    @property
    def seconds(self) -> float:
        """Since the sign, as attempts count them."""
        return time.time() - self.began

    def kill(self) -> None:
        """kill -9 for every process of the fleet."""
        for process in self.processes:
            process.kill()

    def _key(self, name: str) -> str:
        return f"drill:{self.name}:{name}"

    def _counts(self) -> dict[bytes, int]:
        return {thread: int(count) for thread, count in self.board.hgetall(self._key("counts")).items()}

    def _wait_for_all(self, name: str) -> None:
        self._wait(lambda: self.board.llen(self._key(name)) >= self.crowd.processes)

    def _wait(self, condition: Callable[[], bool]) -> None:
        def has_come() -> bool:
            # looked at first, because who has reported may end
            gone = sum(not process.is_alive for process in self.processes)
            if condition():
                return True
            assert gone <= self.board.llen(self._key("results")), "a process of the fleet died"
            return False

        wait_until(has_come, PATIENCE_SECONDS)


class Report(list[Attempt]):
    """All attempts of a fleet."""

    @property
    def outcomes(self) -> dict[str, int]:
        return dict(Counter(attempt.outcome for attempt in self))

    @property
    def slowest(self) -> float:
        return max(attempt.seconds for attempt in self)

    def of(self, *miniprograms: MiniProgram) -> "Report":
        appids = {miniprogram.appid for miniprogram in miniprograms}
        return Report(attempt for attempt in self if attempt.appid in appids)

    def tokens(self, appid: str) -> set[str]:
        return {attempt.token for attempt in self if attempt.appid == appid and attempt.outcome == "token"}

    def since(self, begin: float) -> "Report":
        """Those begun so many seconds after the sign, or later."""
        return Report(attempt for attempt in self if attempt.at >= begin)

    def summary(self) -> dict[str, Any]:
        return {"attempts": len(self), "outcomes": self.outcomes, "slowest_seconds": round(self.slowest, 2)}
