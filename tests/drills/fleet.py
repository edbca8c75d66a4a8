"""The test's side of tests/drills/worker.py: starts the processes, gives the sign, collects what they report."""

import json
import os
import secrets
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from apps.miniprograms.models import MiniProgram

START_SECONDS = 60
REPORT_SECONDS = 90


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
    """`processes` x `threads` that begin `action` together, and repeat it for `seconds` (0: once)."""

    def __init__(self, spawn: Callable[..., subprocess.Popen[str]], board: Redis) -> None:
        self.spawn, self.board = spawn, board

    def start(
        self,
        action: str,
        miniprograms: Sequence[MiniProgram],
        *,
        processes: int,
        threads: int,
        seconds: float = 0,
        env: dict[str, str] | None = None,
    ) -> "Fleet":
        self.name, self.processes = secrets.token_hex(4), processes
        plan = {
            "name": self.name,
            "action": action,
            "appids": [miniprogram.appid for miniprogram in miniprograms],
            "processes": processes,
            "threads": threads,
            "seconds": seconds,
        }
        self.process = self.spawn("-m", "tests.drills.worker", json.dumps(plan), env=env)
        self._wait_for(f"drill:{self.name}:ready", START_SECONDS)
        self.pids = [int(pid) for pid in self.board.lrange(f"drill:{self.name}:ready", 0, -1)]
        return self

    def go(self) -> "Fleet":
        self.board.set(f"drill:{self.name}:go", time.time() + 0.2)
        return self

    def report(self) -> "Report":
        """Everybody's attempts, once all have reported."""
        results = f"drill:{self.name}:results"
        self._wait_for(results, REPORT_SECONDS)
        return Report([Attempt(**facts) for part in self.board.lrange(results, 0, -1) for facts in json.loads(part)])

    def run(self) -> "Report":
        return self.go().report()

    def kill(self) -> None:
        """kill -9 for every process of the fleet."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)

    def _wait_for(self, name: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.board.llen(name) < self.processes:
            assert self.process.poll() is None or self.board.llen(name) >= self.processes, "the fleet died"
            assert time.monotonic() < deadline, f"{self.board.llen(name)} of {self.processes} after {seconds} s"
            time.sleep(0.02)


class Report(list[Attempt]):
    """All attempts of a fleet."""

    @property
    def outcomes(self) -> dict[str, int]:
        return dict(Counter(attempt.outcome for attempt in self))

    @property
    def slowest(self) -> float:
        return max(attempt.seconds for attempt in self)

    def tokens(self, appid: str) -> set[str]:
        return {attempt.token for attempt in self if attempt.appid == appid and attempt.outcome == "token"}

    def between(self, begin: float, end: float) -> "Report":
        """Those begun in that span of seconds."""
        return Report(attempt for attempt in self if begin <= attempt.at < end)

    def summary(self) -> dict[str, Any]:
        return {"attempts": len(self), "outcomes": self.outcomes, "slowest_seconds": round(self.slowest, 2)}
