"""A real `python -m wxcode.stack` (or `make run`) for the drills, and every process that it started."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.plugin import BASE_DIR, variables_of_ours
from tests.waiting import wait_until
from wxcode.stack.redis_server import free_port

PATIENCE_SECONDS = 180
STACK = (sys.executable, "-m", "wxcode.stack")


class Launched:
    """Started at once; `text` is what it said so far; a context manager that leaves nothing behind."""

    def __init__(
        self, data_dir: Path, *command: str, port: int | None = None, directory: Path = BASE_DIR, **variables: str
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        beside = next(parent for parent in data_dir.parents if parent.is_dir())
        self.output = beside / f"output-{time.monotonic_ns()}.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command or STACK,
                cwd=directory,
                env=os.environ
                | dict.fromkeys(variables_of_ours(), "")
                | {"WXCODE_DATA_DIR": str(data_dir), "PORT": str(self.port)}
                | variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self, meanwhile: Callable[[], object] = lambda: None) -> "Launched":
        """`meanwhile` is called again and again until then."""

        def is_ready() -> bool:
            meanwhile()
            return "Stop: Ctrl-C" in self.text

        return self.wait_for(is_ready)

    def wait_until_it_prepares(self) -> "Launched":
        """In the middle of its start: Redis and sandbox run, and the database is being made."""
        return self.wait_for((self.data_dir / "logs" / "setup.log").exists)

    def wait_for(self, condition: Callable[[], bool]) -> "Launched":
        def is_so() -> bool:
            assert self.process.poll() is None, self.text
            return condition()

        wait_until(is_so, PATIENCE_SECONDS)
        return self

    def line(self, name: str) -> str:
        """The value printed beside `name`."""
        found = re.search(rf"^ +{name} +(.+)$", self.text, re.MULTILINE)
        assert found, self.text
        return found[1]

    @property
    def curl(self) -> list[str]:
        return shlex.split(next(line for line in self.text.splitlines() if line.startswith("curl ")))

    def stop(self, number: int) -> int:
        """Send the signal; answer the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def processes(self) -> dict[int, str]:
        """Every living process of this data directory, with its command line."""
        mark = f"WXCODE_DATA_DIR={self.data_dir}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (
                mark in _read(entry / "environ").split(b"\0")
                # Valkey writes its title over its environment
                or _directory(entry).is_relative_to(self.data_dir)
            ):
                found[int(entry.name)] = _read(entry / "cmdline").replace(b"\0", b" ").decode()
        return found

    def wait_until_all_are_gone(self) -> None:
        wait_until(lambda: not self.processes(), PATIENCE_SECONDS)

    def __enter__(self) -> "Launched":
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)
        for pid in self.processes():
            # another launch may live on the same data
            if os.getsid(pid) == self.process.pid:
                os.kill(pid, signal.SIGKILL)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _directory(process: Path) -> Path:
    try:
        return (process / "cwd").readlink()
    except OSError:
        return Path("/")
