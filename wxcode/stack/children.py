"""The processes of the stack: how each is started, what it says, how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from wxcode.environment import BASE_DIR
from wxcode.stack import lifeline

LOG_SIZE_LIMIT = 10_000_000
# "2026-11-21 09:00:00,123 WARNING name: ..." (ours), "[WARNING] ..." (granian); a traceback continues such a line, or
# stands alone when the code could not be loaded.
LINE_START = re.compile(r"^(\d{4}-\d\d-\d\d |\[|\d+:[MCSX] |Traceback |wxcode cannot start: )")
# What granian says about many threads is meant: they wait for WeChat, they do not compute.
TROUBLE = re.compile(
    r"^(\d{4}-\d\d-\d\d \S+ (WARNING|ERROR|CRITICAL) |Traceback |wxcode cannot start: |"
    r"\[(WARNING|ERROR|CRITICAL)\](?! Configuration allows spawning up to))"
)


@dataclass
class Child:
    """One running process and the log that it writes."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    # where in the log this run begins; moves on as lines are shown
    position: int
    is_in_trouble: bool = False
    begin: int = field(init=False)
    began_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.begin = self.position

    def new_trouble(self) -> list[str]:
        """Lines written since the last call that an operator should see: warnings, errors, tracebacks."""
        written = self._read_since_position()
        complete, newline, _ = written.rpartition(b"\n")
        self.position += len(complete) + len(newline)
        shown = []
        for line in complete.decode("utf-8", "replace").splitlines():
            if LINE_START.match(line):
                self.is_in_trouble = bool(TROUBLE.match(line))
            if self.is_in_trouble:
                shown.append(line)
        return shown

    def last_lines(self, count: int = 15) -> list[str]:
        """The end of what this run wrote."""
        written = self.log.read_bytes()[self.begin :] if self.log.exists() else b""
        return written.decode("utf-8", "replace").splitlines()[-count:]

    def _read_since_position(self) -> bytes:
        try:
            with self.log.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self.position:
                    # somebody has emptied it because the disk was full
                    self.position = self.begin = 0
                file.seek(self.position)
                return file.read()
        except FileNotFoundError:
            # or removed it
            return b""

    @property
    def lived_seconds(self) -> float:
        return time.monotonic() - self.began_at

    @property
    def how_it_ended(self) -> str:
        """Its exit code, or the signal that ended it."""
        code = self.process.returncode
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic seconds), then end the whole process group."""
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def open_log(directory: Path, name: str) -> IO[bytes]:
    """The log of `name`, appended to; a large one becomes NAME.log.1 first."""
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_SIZE_LIMIT:
        path.replace(directory / f"{name}.log.1")
    return path.open("ab")


def start_python(name: str, words: Sequence[str], *, environment: Mapping[str, str], logs: Path) -> Child:
    """Start `python WORDS` in its own process group, so that Ctrl-C reaches the supervisor alone."""
    with open_log(logs, name) as log:
        position = log.tell()
        process = subprocess.Popen(  # noqa: S603 # nosec B603
            lifeline.command_line(signal.SIGKILL, [sys.executable, *words]),
            cwd=BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        return Child(name, process, Path(log.name), position)
