"""Starts the processes of one machine's wxcode, watches them, and stops exactly those."""

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

from wxcode.environment import BASE_DIR
from wxcode.stack import commands, lifeline, redis_server, welcome
from wxcode.stack.children import Child, open_log, start_python

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY_SECONDS = 60.0
TICK_SECONDS = 0.25
# Everything is gone about ten seconds after Ctrl-C: who works on requests or tasks first, Redis last.
STOP_ORDER: tuple[tuple[frozenset[str], float], ...] = (
    (frozenset({"web", "beat", "worker", "setup"}), 6.0),
    (frozenset({"sandbox"}), 1.0),
    (frozenset({"redis"}), 3.0),
)


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM, or a closed terminal."""


class ChildEnded(Exception):
    """A process of the stack ended by itself."""


@dataclass(frozen=True)
class Plan:
    """What to start and where; empty `own_redis_url` and `own_sandbox_url` mean that somebody else provides it."""

    data_dir: Path
    host: str
    port: int
    # of the web server: each waits while WeChat draws, and a few slow calls must not keep everybody else waiting
    threads: int
    workers: int
    environment: Mapping[str, str]
    own_redis_url: str
    own_sandbox_url: str
    # start each process again when the code changes
    is_reloading: bool
    # an open file: the data directory stays locked while the plan lives
    lock: IO[str]

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"


class Supervisor:
    """Owns the children from the first start to the last exit."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.children: dict[str, Child] = {}
        self.started_at = time.monotonic()

    def serve(self) -> int:
        """Start everything, watch until told to stop or until a child ends; answer the exit code."""
        for number in STOP_SIGNALS:
            # nohup asks to outlive the terminal
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._request_stop)
        try:
            self._start()
            self._watch()
        except StopRequested:
            say("\n  Stopping ...")
            return 0
        except ChildEnded as trouble:
            say(f"\n{trouble}", error=True)
            return 1
        finally:
            self._stop()
            say("  wxcode has stopped.")
        return 0

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        ignore_signals()
        raise StopRequested

    # --- start ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        plan = self.plan
        if plan.own_redis_url:
            self._start_redis(plan.own_redis_url)
        if plan.own_sandbox_url:
            self._add("sandbox", commands.sandbox(url=plan.own_sandbox_url, data_dir=plan.data_dir))
        # nobody knows the address yet, so the web server may load while the database is prepared
        self._add("web", commands.web(host=plan.host, port=plan.port, threads=plan.threads, workers=plan.workers))
        facts = self._prepare()
        base = welcome.address(plan.host, plan.port)
        self._wait_for("web", base)
        if plan.own_sandbox_url:
            self._wait_for("sandbox", plan.own_sandbox_url)
        self._add("worker", commands.worker())
        self._add("beat", commands.beat(data_dir=plan.data_dir))
        seconds = time.monotonic() - self.started_at
        say(welcome.message(base=base, facts=facts, data_dir=plan.data_dir, seconds=seconds))

    def _add(self, name: str, words: list[str]) -> None:
        if self.plan.is_reloading:
            words = commands.reloaded(words)
        self.children[name] = start_python(name, words, environment=self.plan.environment, logs=self.plan.logs)

    def _start_redis(self, url: str) -> None:
        with open_log(self.plan.logs, "redis") as log:
            position = log.tell()
            process = redis_server.start(url=url, directory=self.plan.data_dir / "redis", output=log)
        self.children["redis"] = Child("redis", process, self.plan.logs / "redis.log", position)
        try:
            redis_server.wait_until_ready(process, url)
        except redis_server.RedisNotStarted as error:
            raise ChildEnded(self._obituary(self.children["redis"], str(error))) from error

    def _prepare(self) -> dict[str, str]:
        """Migrate and make what a first run needs; answer the login, the key and the appid."""
        with open_log(self.plan.logs, "setup") as log:
            position = log.tell()
            setup = subprocess.Popen(  # noqa: S603 # nosec B603
                lifeline.command_line(signal.SIGKILL, [sys.executable, *commands.first_run()]),
                cwd=BASE_DIR,
                env=dict(self.plan.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                process_group=0,
            )
        child = self.children["setup"] = Child("setup", setup, self.plan.logs / "setup.log", position)
        answer, _ = setup.communicate()
        if setup.returncode != 0:
            raise ChildEnded(self._obituary(child, "The database could not be prepared."))
        del self.children["setup"]
        facts: dict[str, str] = json.loads(answer)
        return facts

    def _wait_for(self, name: str, base: str) -> None:
        """Return once the server at `base` answers anything but a server error."""
        parts = urlsplit(base)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self._require_alive()
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status < 500:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                connection.close()
        raise ChildEnded(self._obituary(self.children[name], f"{name} did not answer at {base}."))

    # --- watch ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            for child in self.children.values():
                for line in child.new_trouble():
                    say(f"{child.name:<8}| {line}")
            self._require_alive()

    def _require_alive(self) -> None:
        for child in self.children.values():
            code = child.process.poll()
            if code is not None:
                how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
                raise ChildEnded(self._obituary(child, f"{child.name} ended by itself ({how})."))

    def _obituary(self, child: Child, sentence: str) -> str:
        last = "\n".join(f"{child.name:<8}| {line}" for line in child.last_lines())
        return f"{last}\n\n{sentence} Everything else is being stopped. Its whole log: {child.log}"

    # --- stop ----------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        ignore_signals()
        for names, seconds in STOP_ORDER:
            leaving = [child for name, child in self.children.items() if name in names]
            for child in leaving:
                child.ask_to_stop()
            deadline = time.monotonic() + seconds
            for child in leaving:
                child.wait_or_kill(deadline)


def ignore_signals() -> None:
    """A second Ctrl-C must not interrupt the tidying up, which ends by itself."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def say(text: str, *, error: bool = False) -> None:
    """Print at once, also into a pipe; a closed terminal must not stop the tidying up."""
    try:
        print(text, file=sys.stderr if error else sys.stdout, flush=True)
    except OSError:
        return
