"""A whole installation on loopback whose every part a drill may stop, pause, fill or lie to."""

import contextlib
import json
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import requests
from cryptography.fernet import Fernet

from tests.postgres import PostgresServer
from tests.sandbox_process import SandboxProcess
from wxcode.stack import commands, lifeline, redis_server

BASE_DIR = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
WEB_THREADS = 32
DISK_BYTES = 256 << 20
# as in production what was answered is written, and no power cut is rehearsed here
POSTGRES = {"synchronous_commit": "on", "max_connections": "60"}
MOVED_CLOCK = "benchmarks.drills.moved_clock"


def find_variables() -> set[str]:
    """Every variable that the settings read: nothing of the shell reaches the service."""
    return set(re.findall(r'env\.read\(\s*"([A-Z_]+)"', (BASE_DIR / "wxcode/settings.py").read_text()))


class House:
    """`with House() as house:` has PostgreSQL, Redis, sandbox, web, worker and beat; this process uses its database.

    One per process: Django's settings are read once. `variables` go to the service's processes.
    """

    def __init__(self, *, has_movable_clock: bool = False, has_small_disk: bool = True, **variables: str) -> None:
        self.has_movable_clock = has_movable_clock
        self.wants_small_disk = has_small_disk
        self.variables = variables
        self.cleanup = contextlib.ExitStack()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        # SIGTERM ends a drill as Ctrl-C does: it tidies up
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.ExitStack() as unfinished:
            unfinished.push(self._tidy_up)
            self._build()
            unfinished.pop_all()
        return self

    def __exit__(self, *trouble: object) -> None:
        self._tidy_up()

    def _tidy_up(self, *trouble: object) -> None:
        for name in ("web", "beat", "worker"):
            if name in self.processes:
                self.stop(name)
        self.cleanup.close()

    def _build(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="wxcode-drills-"))
        # PostgreSQL, as another user, keeps its own
        self.cleanup.callback(shutil.rmtree, self.directory, ignore_errors=True)
        (self.directory / "media").mkdir()
        self.has_own_disk = self._mount_disk()
        self.postgres = self.cleanup.enter_context(PostgresServer(**POSTGRES))
        self.sandbox = self.cleanup.enter_context(SandboxProcess())
        self.redis_url = redis_server.new_url(password=secrets.token_urlsafe(16), port=redis_server.free_port())
        self.port = redis_server.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.clock = self.directory / "clock"
        self.set_clock(0)
        self.environment = (
            os.environ
            | dict.fromkeys(find_variables(), "")
            | {
                "DJANGO_SETTINGS_MODULE": "wxcode.settings",
                "WXCODE_DATA_DIR": str(self.directory),
                "SECRET_KEY": secrets.token_urlsafe(50),
                "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
                "DATABASE_URL": self.postgres.url,
                "REDIS_URL": self.redis_url,
                "SANDBOX_URL": self.sandbox.url,
                "PORT": str(self.port),
                "HTTPS_ONLY": "false",
                "DEBUG": "false",
                "ALLOWED_HOSTS": "127.0.0.1",
                "LOG_LEVEL": "WARNING",
                "DRILL_CLOCK": str(self.clock),
                **self.variables,
            }
        )
        self.start_redis()
        self.cleanup.callback(self.stop_redis)
        self._use_django()
        for name in ("web", "worker", "beat"):
            self.start(name)
        self._wait_until_ready()

    def _use_django(self) -> None:
        os.environ |= self.environment
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        self.cleanup.callback(connections.close_all)

    # --- the service's processes ---------------------------------------------------------------------------

    def start(self, name: str) -> None:
        words = {
            "web": commands.web(host="127.0.0.1", port=self.port, threads=WEB_THREADS),
            "worker": commands.worker(),
            "beat": commands.beat(data_dir=self.directory),
        }[name]
        if self.has_movable_clock and name != "beat":
            own = {"wxcode.stack.web:application": f"{MOVED_CLOCK}:application", "wxcode": MOVED_CLOCK}
            words = [own.get(word, word) for word in words]
        with (self.directory / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                # it must not outlive a drill that is killed
                lifeline.command_line(signal.SIGKILL, [sys.executable, *words]),
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def find_ended(self) -> list[str]:
        """Those that ended by themselves."""
        return [name for name, process in self.processes.items() if process.poll() is not None]

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def pids(self, name: str) -> list[int]:
        """The process and its children (Linux)."""
        parent = self.processes[name].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def readiness(self) -> dict[str, Any]:
        """What /readyz says."""
        answer: dict[str, Any] = requests.get(f"{self.base}/readyz", timeout=30).json()
        return answer

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException, json.JSONDecodeError):
                if self.readiness()["worker"].startswith("ok"):
                    return
            time.sleep(0.2)
        raise SystemExit("the service did not start:\n" + self.log("web")[-2000:] + self.log("worker")[-2000:])

    # --- Redis ---------------------------------------------------------------------------------------------

    def start_redis(self) -> None:
        self.redis = redis_server.start(
            url=self.redis_url, directory=self.directory / "redis", output=subprocess.DEVNULL
        )
        redis_server.wait_until_ready(self.redis, self.redis_url)

    def stop_redis(self) -> None:
        """kill -9; what was written stays on disk."""
        self.redis.kill()
        self.redis.wait()

    def pause_redis(self) -> None:
        os.kill(self.redis.pid, signal.SIGSTOP)

    def resume_redis(self) -> None:
        os.kill(self.redis.pid, signal.SIGCONT)

    # --- PostgreSQL ----------------------------------------------------------------------------------------

    def stop_postgres(self, *, is_crash: bool = False) -> None:
        self.postgres.process.send_signal(signal.SIGQUIT if is_crash else signal.SIGINT)
        self.postgres.process.wait()

    def start_postgres(self) -> None:
        self.postgres.start()
        self.forget_database()

    @staticmethod
    def forget_database() -> None:
        """This process's own connections have died, too."""
        from django.db import connection

        connection.close()
        pool = getattr(connection, "pool", None)
        if pool is not None:
            pool.check()

    # --- the disk of the pictures --------------------------------------------------------------------------

    def _mount_disk(self) -> bool:
        """A small disk of its own for the pictures, where this user may mount one."""
        place = self.directory / "media"
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
        if not self.wants_small_disk or os.geteuid() != 0:
            return False
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return False
        self.cleanup.callback(subprocess.run, ["umount", "--lazy", str(place)], check=False)
        return True

    def fill_disk(self) -> None:
        if not self.has_own_disk:
            self._limit_files(0)
            return
        with contextlib.suppress(OSError), (self.directory / "media" / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def clear_disk(self) -> None:
        if self.has_own_disk:
            (self.directory / "media" / "ballast").unlink()
        else:
            self._limit_files(resource.RLIM_INFINITY)

    def forget_pictures(self) -> None:
        """Make room for the next drill."""
        shutil.rmtree(self.directory / "media" / "codes", ignore_errors=True)

    def _limit_files(self, soft: int) -> None:
        """Without a disk of its own: files cannot grow beyond this, which fails in the same place."""
        for pid in (*self.pids("web"), *self.pids("worker")):
            _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if soft == resource.RLIM_INFINITY else soft, hard))

    # --- the clock -----------------------------------------------------------------------------------------

    def set_clock(self, seconds: int) -> None:
        """The wall clock of web and worker runs that far ahead (or behind), within a second."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(f"{seconds:+d}\n")
        beside.replace(self.clock)
