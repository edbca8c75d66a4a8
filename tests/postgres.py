"""A throwaway PostgreSQL server for one test run, never as root and gone with the run."""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from wxcode.stack.lifeline import PR_SET_PDEATHSIG
from wxcode.stack.redis_server import free_port

READY_SECONDS = 30.0
# a test's data need not survive a power cut
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class PostgresNotFound(Exception):
    """There is no PostgreSQL server program on this machine."""


def find_programs() -> Path:
    """The newest directory that holds `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True
    )
    for place in [*newest_first, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise PostgresNotFound(
        "TEST_DATABASE=postgres needs PostgreSQL's server programs: "
        "install them (Debian: apt-get install postgresql) or set TEST_DATABASE_URL."
    )


def unprivileged_user() -> dict[str, Any]:
    """Arguments of Popen that leave root, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


class PostgresServer:
    """Context manager; `url` is good between enter and exit. `is_durable`: as careful with the disk as by default.

    `options` are further settings of the server.
    """

    def __init__(self, *, is_durable: bool = False, **options: str) -> None:
        careless = {"max_connections": FAST["max_connections"]} if is_durable else FAST
        self.options = careless | options
        self.programs = find_programs()
        self.password = secrets.token_urlsafe(16)
        self.port = free_port()
        self.url = f"postgres://wxcode:{self.password}@127.0.0.1:{self.port}/postgres"
        self.identity = unprivileged_user()

    def __enter__(self) -> "PostgresServer":
        self.directory = Path(tempfile.mkdtemp(prefix="wxcode-test-postgres-"))
        if self.identity:
            os.chown(self.directory, self.identity["user"], self.identity["group"])
        try:
            self.create_cluster()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def create_cluster(self) -> None:
        password_file = self.directory / "password"
        password_file.write_text(self.password)
        if self.identity:
            os.chown(password_file, self.identity["user"], self.identity["group"])
        command = [self.programs / "initdb", "--no-sync", "--username=wxcode", f"--pwfile={password_file}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "-D", self.directory / "data"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.directory, **self.identity)

    def start(self) -> None:
        options = self.options | {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.directory / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.directory / "data", "-p", str(self.port), *flags],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                process_group=0,
                # after leaving root, because changing the user clears it; SIGQUIT: stop at once
                preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),
                **self.identity,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("PostgreSQL did not start:\n" + (self.directory / "server.log").read_text())
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        status = self.directory / "data" / "postmaster.pid"
        return status.exists() and "ready" in status.read_text()

    def remove(self) -> None:
        process: subprocess.Popen[bytes] | None = getattr(self, "process", None)
        if process and process.poll() is None:
            process.send_signal(signal.SIGQUIT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __exit__(self, *_: object) -> None:
        self.remove()
