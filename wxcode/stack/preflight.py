"""What must be true before anything is started, each with the sentence that says what to do when it is not."""

import fcntl
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import IO

from wxcode.data_dir import find_owner_trouble

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)
LOCK_NAME = "run.lock"
# a migration writes some of it, and Redis its snapshot
ROOM_BYTES = 20_000_000


class StartRefused(Exception):
    """One sentence for the person at the terminal."""


def require_python() -> None:
    """Raises StartRefused under a Python that the dependencies were not tried with."""
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        raise StartRefused(
            f"wxcode needs Python 3.11, 3.12 or 3.13, and this is {sys.version_info.major}.{sys.version_info.minor}: "
            "remove .venv and name another one with `make run PYTHON=/path/to/python3.12`."
        )


def require_free_port(host: str, port: int) -> None:
    """Raises StartRefused when the web server could not listen on `host`:`port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # a port that was in use a moment ago is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise StartRefused(
                f"Port {port} is not open to this user: choose another one with `PORT={port + 8000} make run`."
            ) from None
        except OSError as error:
            if isinstance(error, socket.gaierror):
                raise StartRefused(f"HOST={host} is not an address of this machine.") from None
            raise StartRefused(
                f"Port {port} on {host} is busy ({os.strerror(error.errno or 0)}): "
                f"stop what uses it, or choose another one with `PORT={port + 1} make run`."
            ) from None


def prepare_data_dir(directory: Path) -> IO[str]:
    """Create `directory` for its owner alone and lock it for this process; the lock is the returned file.

    Raises StartRefused when it belongs to another user, cannot be written, has no room, or is used by another
    `make run`.
    """
    trouble = find_owner_trouble(directory)
    if trouble:
        raise StartRefused(f"{trouble}.")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / LOCK_NAME).open("a+", encoding="ascii")
    except OSError as error:
        raise not_written(directory, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise StartRefused(
            f"wxcode is already running on the data directory {directory} (process {owner}): "
            "stop it, or start a second one with `PORT=8001 WXCODE_DATA_DIR=/other/path make run`."
        ) from None
    try:
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
    except OSError as error:
        raise not_written(directory, error) from None
    free = shutil.disk_usage(directory).free
    if free < ROOM_BYTES:
        lock.close()
        raise StartRefused(
            f"{free // 1_000_000} MB are left on the disk of the data directory {directory}, and the database needs "
            f"{ROOM_BYTES // 1_000_000}: make room, or choose another one with `WXCODE_DATA_DIR=/path make run`."
        )
    return lock


def not_written(directory: Path, error: OSError) -> StartRefused:
    """Because the disk is full, for example."""
    return StartRefused(
        f"The data directory {directory} cannot be written ({error.strerror}): "
        "make it writable, or choose another one with `WXCODE_DATA_DIR=/path make run`."
    )
