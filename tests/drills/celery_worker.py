"""A real Celery worker that drills kill and replace, and what they wait for while it works."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model

from tests.drills.forked import Forked
from tests.waiting import wait_until

WORKER = ("celery", "-A", "wxcode", "worker", "--pool", "threads", "-c", "2", "-l", "warning")
PATIENCE_SECONDS = 120


def start_worker(fork: Callable[..., list[Forked]]) -> Forked:
    (worker,) = fork(*WORKER)
    return worker


def wait_for(row: Model, condition: Callable[[Any], bool], worker: Forked) -> None:
    """Return once `condition(row)`, read anew each time, is true."""

    def is_so() -> bool:
        row.refresh_from_db()
        assert worker.is_alive, "the worker crashed"
        return condition(row)

    wait_until(is_so, PATIENCE_SECONDS)
