"""The runs of this process: in threads beside Celery's, so that no batch keeps a token from being refreshed."""

import logging
import os
import secrets
import socket
import threading
import time

from django.db import DatabaseError, connection
from django.utils import timezone

from apps.batches.claims import take_lease
from apps.batches.models import CodeBatch
from apps.batches.runner import Run
from apps.miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_threads: dict[int, threading.Thread] = {}
_runs: dict[int, Run] = {}
_is_stopping = threading.Event()


def ensure_run(miniprogram_id: int) -> None:
    """See to it that somebody works on the batches of this mini-program: here, unless another process does already."""
    with _lock:
        known = _threads.get(miniprogram_id)
        if _is_stopping.is_set() or (known is not None and known.is_alive()):
            return
        thread = threading.Thread(target=_work, args=(miniprogram_id,), name=f"batches-{miniprogram_id}", daemon=True)
        _threads[miniprogram_id] = thread
        thread.start()


def stop_runs() -> None:
    """Ask every run of this process to finish what is under way and to give the rest back."""
    _is_stopping.set()
    for run in list(_runs.values()):
        run.stop()


def wait_for_runs(seconds: float) -> None:
    """Wait until they have."""
    deadline = time.monotonic() + seconds
    for thread in list(_threads.values()):
        thread.join(max(deadline - time.monotonic(), 0.0))


def _work(miniprogram_id: int) -> None:
    owner = secrets.token_hex(16)
    process = f"{socket.gethostname()}:{os.getpid()}"
    try:
        # a batch that came in while a run was ending found it still there
        while not _is_stopping.is_set() and _is_wanted(miniprogram_id):
            if not take_lease(miniprogram_id, owner=owner, process=process):
                return
            run = _runs[miniprogram_id] = Run(MiniProgram.objects.get(pk=miniprogram_id), owner=owner)
            run.work()
    except DatabaseError as error:
        # the sweep comes back to it
        logger.warning("no batch can be worked on without the database (%s)", type(error).__name__)
    finally:
        _runs.pop(miniprogram_id, None)
        connection.close()


def _is_wanted(miniprogram_id: int) -> bool:
    return bool(CodeBatch.objects.unattended(timezone.now()).filter(miniprogram_id=miniprogram_id).exists())
