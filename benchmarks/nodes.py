"""Nodes of an installation for benchmarks: what production starts, each with a place of its own, to be killed at will.

web = web_node("web1", port=8101, environment=shared, directory=place)
web.start(); web.wait_for_port(8101); web.kill(); web.start(); web.stop(); web.memory()
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from wxcode.stack import lifeline

BASE_DIR = Path(__file__).resolve().parents[1]
READY_SECONDS = 60.0


class Node:
    """A process and its children, in a process group, with a log that outlives them; `command[0]` is a program."""

    def __init__(self, name: str, command: list[str], *, environment: Mapping[str, str], directory: Path) -> None:
        self.name, self.command, self.environment = name, command, dict(environment)
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.log = directory / "process.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Node":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                # ends with a benchmark that is killed; SIGTERM, so that a web server takes its workers along
                lifeline.command_line(signal.SIGTERM, self.command),
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        return self

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """What the end of a machine is to its processes: kill -9 for all of the node, at once."""
        if self.process is not None:
            self.signal_all(signal.SIGKILL)
            self.process.wait()
            # its children are nobody's to wait for, and may hold the port a moment longer
            while self.pids():
                time.sleep(0.01)

    def stop(self, *, seconds: float = 60.0) -> float:
        """SIGTERM to the first process, as `docker stop` and systemd do; the seconds it took. Raises TimeoutExpired."""
        began = time.monotonic()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            finally:
                # of whatever it left behind, or of all of it when it was too slow
                self.signal_all(signal.SIGKILL)
                self.process.wait()
        return time.monotonic() - began

    def freeze(self) -> None:
        """It neither works nor dies: what an overloaded or swapping machine looks like from outside."""
        self.signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal_all(signal.SIGCONT)

    def signal_all(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def wait_for_port(self, port: int, *, seconds: float = READY_SECONDS) -> "Node":
        """Return once something listens there."""
        return self.wait_until(lambda: listens(port), seconds=seconds)

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float = READY_SECONDS) -> "Node":
        """Return once `is_ready()`; SystemExit with the end of the log if the process dies or takes too long."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_alive() or time.monotonic() > deadline:
                raise SystemExit(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)
        return self

    def pids(self) -> list[int]:
        """The living processes of the node (Linux)."""
        if self.process is None:
            return []
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                # the first thread of a killed process may be a zombie while others still hold its sockets
                is_gone = fields[0] == "Z" and int(fields[17]) <= 1
                if int(fields[2]) == self.process.pid and not is_gone:
                    found.append(int(place.name))
        return sorted(found)

    def memory(self) -> dict[int, int]:
        """Proportional set size in bytes by process: what each would take if shared pages were shared out (Linux)."""
        sizes = {}
        for pid in self.pids():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                sizes[pid] = int(re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)[1]) * 1024  # type: ignore[index]
        return sizes

    def connections(self, port: int) -> int:
        """Established TCP connections of all its processes to that port (Linux)."""
        sockets = set()
        for pid in self.pids():
            for entry in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    sockets.add(os.readlink(entry))
        count = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            is_there = int(fields[2].rpartition(":")[2], 16) == port and fields[3] == "01"
            count += is_there and f"socket:[{fields[9]}]" in sockets
        return count

    def open_files(self) -> int:
        """Open files and connections of all its processes (Linux)."""
        count = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                count += len(os.listdir(f"/proc/{pid}/fd"))
        return count


# --- the commands that production starts ---------------------------------------------------------------------


def web_node(
    name: str, *, port: int, environment: Mapping[str, str], directory: Path, workers: int = 2, threads: int = 32
) -> Node:
    """The CMD of the Dockerfile, listening on 127.0.0.1:`port`, with the variables that docker-compose.yml sets."""
    lines = (BASE_DIR / "Dockerfile").read_text().replace("\\\n", "")
    words = json.loads(re.findall(r"^CMD (\[.*\])$", lines, re.MULTILINE)[-1])
    words[words.index("--host") + 1] = "127.0.0.1"
    words[words.index("--port") + 1] = str(port)
    extra = {"GRANIAN_WORKERS": str(workers), "GRANIAN_BLOCKING_THREADS": str(threads)}
    return _node(name, words, environment | extra, directory)


def worker_node(name: str, *, environment: Mapping[str, str], directory: Path) -> Node:
    """The worker of docker-compose.yml, known to Celery as `name`@this machine."""
    return _node(name, [*compose_command("worker", environment), "--hostname", f"{name}@%h"], environment, directory)


def beat_node(name: str, *, environment: Mapping[str, str], directory: Path) -> Node:
    """The beat of docker-compose.yml, with a schedule file of its own."""
    words = compose_command("beat", environment)
    words[words.index("--schedule") + 1] = str(directory / "celerybeat-schedule")
    return _node(name, words, environment, directory)


def sandbox_node(*, port: int, environment: Mapping[str, str], directory: Path) -> Node:
    """The simulated WeChat."""
    words = ["python", "-m", "apps.sandbox", "--port", str(port)]
    return _node("sandbox", words, environment, directory)


def s3_node(*, port: int, directory: Path) -> Node:
    """moto's server: an S3 that keeps everything in memory."""
    words = ["python", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    return _node("s3", words, os.environ, directory)


def compose_command(service: str, environment: Mapping[str, str]) -> list[str]:
    """The command of a service in docker-compose.yml, with its ${NAME:-default} filled in."""
    services = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())["services"]
    fill = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")
    return [
        fill.sub(lambda found: environment.get(found[1]) or found[2], word) for word in services[service]["command"]
    ]


def _node(name: str, words: list[str], environment: Mapping[str, str], directory: Path) -> Node:
    """`words[0]` is looked for beside this Python, as the image finds it in its environment."""
    program = Path(sys.executable).parent / words[0]
    found = sys.executable if words[0] == "python" else str(program) if program.exists() else shutil.which(words[0])
    if found is None:
        raise SystemExit(f"{words[0]} is not installed")
    # a data directory of its own: nothing on a disk is shared between nodes
    own = {"WXCODE_DATA_DIR": str(directory / "data"), "TMPDIR": str(directory)}
    return Node(name, [found, *words[1:]], environment=dict(environment) | own, directory=directory)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
