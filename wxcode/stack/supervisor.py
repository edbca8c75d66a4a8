"""Starts the processes of one machine's wxcode, starts again those that end, and stops exactly those."""

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
from wxcode.stack.restarts import Restarts

# a full disk, for example, or no server program
NOT_BEGUN = (OSError, redis_server.RedisNotStarted)
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


class StartFailed(Exception):
    """A process of the stack did not come up, so that there is nothing to serve with."""


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
        self.restarts = Restarts()
        self.started_at = time.monotonic()

    def serve(self) -> int:
        """Start everything, keep it running until told to stop; answer the exit code."""
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
        except StartFailed as trouble:
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
            self._begin_first("redis")
            self._wait_for_redis(plan.own_redis_url)
        if plan.own_sandbox_url:
            self._begin_first("sandbox")
        # before the web server listens: without its tables it fails on everything but /healthz
        facts = self._prepare()
        for name in ("web", "worker", "beat"):
            self._begin_first(name)
        base = welcome.address(plan.host, plan.port)
        self._wait_for("web", base)
        if plan.own_sandbox_url:
            self._wait_for("sandbox", plan.own_sandbox_url)
        seconds = time.monotonic() - self.started_at
        say(welcome.message(base=base, facts=facts, data_dir=plan.data_dir, seconds=seconds))

    def _begin_first(self, name: str) -> None:
        try:
            self._begin(name)
        except NOT_BEGUN as error:
            raise StartFailed(f"{name} could not be started: {error}") from error

    def _begin(self, name: str) -> None:
        """Raises one of NOT_BEGUN."""
        plan = self.plan
        if name == "redis":
            self.children[name] = self._begin_redis()
            return
        words = {
            "sandbox": commands.sandbox(url=plan.own_sandbox_url, data_dir=plan.data_dir),
            "web": commands.web(host=plan.host, port=plan.port, threads=plan.threads, workers=plan.workers),
            "worker": commands.worker(),
            "beat": commands.beat(data_dir=plan.data_dir),
        }[name]
        if plan.is_reloading:
            words = commands.reloaded(words)
        self.children[name] = start_python(name, words, environment=plan.environment, logs=plan.logs)

    def _begin_redis(self) -> Child:
        plan = self.plan
        with open_log(plan.logs, "redis") as log:
            position = log.tell()
            process = redis_server.start(url=plan.own_redis_url, directory=plan.data_dir / "redis", output=log)
        return Child("redis", process, plan.logs / "redis.log", position)

    def _wait_for_redis(self, url: str) -> None:
        child = self.children["redis"]
        try:
            redis_server.wait_until_ready(child.process, url)
        except redis_server.RedisNotStarted as error:
            raise StartFailed(self._obituary(child, str(error))) from error

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
            raise StartFailed(self._obituary(child, "The database could not be prepared."))
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
        raise StartFailed(self._obituary(self.children[name], f"{name} did not answer at {base}."))

    # --- watch ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            for name, child in list(self.children.items()):
                for line in child.new_trouble():
                    tell(name, line)
                if child.process.poll() is not None:
                    del self.children[name]
                    self._plan_restart(name, f"ended by itself ({child.how_it_ended})", child.lived_seconds)
            for name in self.restarts.take_due(now=time.monotonic()):
                self._start_again(name)

    def _plan_restart(self, name: str, what: str, lived_seconds: float) -> None:
        pause = self.restarts.plan(name, lived_seconds=lived_seconds, now=time.monotonic())
        log = self.plan.logs / f"{name}.log"
        tell(name, f"{what}. It is started again in {pause:.0f} s. Its whole log: {log}")

    def _start_again(self, name: str) -> None:
        try:
            self._begin(name)
        except NOT_BEGUN as error:
            # a process that begins and fails is seen by the next look
            self._plan_restart(name, f"could not be started ({error})", 0.0)
        else:
            tell(name, "is started again.")

    def _require_alive(self) -> None:
        for child in self.children.values():
            if child.process.poll() is not None:
                raise StartFailed(self._obituary(child, f"{child.name} ended by itself ({child.how_it_ended})."))

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


def tell(name: str, text: str) -> None:
    """A line about the process `name`."""
    say(f"{name:<8}| {text}")
