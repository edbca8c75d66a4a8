"""The test's side of tests/drills/fork_server.py: processes that begin at once, since all is loaded already."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

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
    """Context manager; `environment` is that of all its processes."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self.environment, self.log = environment, directory / "fork-server.log"

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.drills.fork_server"],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def fork(self, module: str, *words: str, log: Path, count: int = 1) -> list[Forked]:
        """`count` processes that run `python -m MODULE WORDS`."""
        assert self.process.stdin and self.process.stdout
        log.touch()
        order = {"module": module, "words": words, "count": count, "log": str(log)}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, self.log.read_text()
        return [Forked(pid, log) for pid in json.loads(answer)]
