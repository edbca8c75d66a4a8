"""The test's side of tests/drills/fork_server.py: processes that begin at once, because the project is loaded already."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.plugin import BASE_DIR
from tests.waiting import lives, wait_until

GONE_SECONDS = 60


class Forked:
    """A process that runs a module as `python -m` does, in a process group of its own."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid, self.log = pid, log

    @property
    def is_alive(self) -> bool:
        return lives(self.pid)

    def terminate(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """kill -9, and nothing is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = GONE_SECONDS) -> None:
        wait_until(lambda: not self.is_alive, seconds)


class ForkServer:
    """Started with the first order; `environment` is that of all its processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[str] | None = None

    def fork(
        self, module: str, *words: str, environment: Mapping[str, str], log: Path, count: int = 1
    ) -> list[Forked]:
        """`count` processes that run `python -m MODULE WORDS`."""
        server = self.process or self._start(environment)
        assert server.stdin and server.stdout
        log.touch()
        order = {"module": module, "words": words, "count": count, "log": str(log)}
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, (self.directory / "fork-server.log").read_text()
        return [Forked(pid, log) for pid in json.loads(answer)]

    def _start(self, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
        with (self.directory / "fork-server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.drills.fork_server"],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self.process

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
