"""The test's side of tests/drills/fork_server.py: processes that begin at once, since all is loaded already."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from benchmarks.nodes import Node
from tests.plugin import BASE_DIR
from tests.waiting import lives, wait_until

GONE_SECONDS = 60


class Forked:
    """A process that runs a module as `python -m` does, in a process group of its own; asked like a Popen."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid, self.log = pid, log

    @property
    def is_alive(self) -> bool:
        return lives(self.pid)

    def poll(self) -> int | None:
        """How it ended is not known."""
        return None if self.is_alive else 0

    def send_signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9 for it and its children, and nothing is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = GONE_SECONDS) -> None:
        wait_until(lambda: not self.is_alive, seconds)


class ForkServer:
    """Context manager; `environment` is that of all its processes."""

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self.environment, self.log = environment, directory / "fork-server.log"
        self.forked: list[Forked] = []

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
        for process in self.forked:
            process.kill()
        self.process.kill()
        self.process.communicate()

    def fork(
        self,
        module: str,
        *words: str,
        log: Path,
        count: int = 1,
        given: str = "",
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> list[Forked]:
        """`count` processes that run `python -m MODULE WORDS`.

        `given` is their standard input. `environment` comes too late for Django's settings: `settings` are those.
        """
        assert self.process.stdin and self.process.stdout
        log.touch()
        source = Path(os.devnull)
        if given:
            source = log.with_suffix(".input")
            source.write_text(given)
        order = {"module": module, "words": words, "count": count, "log": str(log), "input": str(source)}
        order |= {"environment": dict(environment or {}), "settings": settings}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, self.log.read_text()
        new = [Forked(pid, log) for pid in json.loads(answer)]
        self.forked.extend(new)
        return new


class ForkedNode(Node):
    """A node of an installation that runs at once; `server` has loaded the project with its settings."""

    def __init__(self, server: ForkServer, node: Node) -> None:
        super().__init__(node.name, node.command, environment=node.environment, directory=node.directory)
        self.server = server

    def start(self) -> Self:
        program, option, module, *words = self.command
        assert (program, option) == (sys.executable, "-m")
        (self.process,) = self.server.fork(module, *words, log=self.log, environment=self.environment)
        return self
