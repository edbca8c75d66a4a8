"""Whether pictures can be stored: the storage answers, may be written, and has room."""

import os
import shutil
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage

MEBIBYTE = 1 << 20
# Two thousand pictures: time enough to make room.
FREE_BYTES = 100 * MEBIBYTE
# An object storage is asked over a network, and some bill each question.
REMEMBERED_SECONDS = 5.0
# Prometheus waits ten seconds for all the rest, too.
LONGEST_SECONDS = 4.0


@dataclass(frozen=True)
class StorageState:
    """What was found, when (monotonic), and how long the storage took."""

    trouble: str
    found_at: float
    took_seconds: float


class _Looked:
    """The last look of this process, which may still be going on, and the one thread that looks."""

    lock = threading.Lock()
    thread: ThreadPoolExecutor | None = None
    state: Future[StorageState] | None = None


def recall_storage() -> StorageState:
    """Not older than five seconds; however many ask, one looks. A storage that hangs is in trouble after four."""
    with _Looked.lock:
        if _Looked.state is None or _is_old(_Looked.state):
            # kept, because an object storage's connections belong to their thread
            _Looked.thread = _Looked.thread or ThreadPoolExecutor(1, thread_name_prefix="storage")
            _Looked.state = _Looked.thread.submit(_look)
        state = _Looked.state
    try:
        return state.result(timeout=LONGEST_SECONDS)
    except TimeoutError:
        return StorageState(f"no answer within {LONGEST_SECONDS:.0f} s", time.monotonic(), LONGEST_SECONDS)


def forget_storage() -> None:
    """The next look is a new one."""
    with _Looked.lock:
        _Looked.state = None


def _is_old(state: Future[StorageState]) -> bool:
    return state.done() and time.monotonic() - state.result().found_at >= REMEMBERED_SECONDS


def _look() -> StorageState:
    started = time.monotonic()
    trouble = find_storage_trouble()
    return StorageState(trouble, time.monotonic(), time.monotonic() - started)


def find_storage_trouble() -> str:
    """What is wrong with the storage of pictures, in words without values; empty if nothing is."""
    try:
        # an object storage without its bucket would say that a name does not exist
        probe = getattr(default_storage, "probe", None)
        # any name: what matters is that the storage answers
        probe() if probe else default_storage.exists("codes/readyz")
        root = Path(default_storage.path("codes")) if hasattr(default_storage, "base_location") else None
    except Exception as error:  # noqa: BLE001 - every storage raises errors of its own
        return type(error).__name__
    if root is not None:
        place = next(parent for parent in (root, *root.parents) if parent.exists())
        reason = _why_not_written(place)
        if reason:
            return f"the directory of the pictures cannot be written ({reason})"
        free = shutil.disk_usage(place).free
        if free < FREE_BYTES:
            return f"{free // MEBIBYTE} MB are left on the disk of the pictures"
    return ""


def _why_not_written(directory: Path) -> str:
    """Empty when a file could be written there; where the system can, one without a name, so that nothing is left."""
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"readyz")
            file.flush()
    except OSError as error:
        return os.strerror(error.errno or 0)
    return ""
