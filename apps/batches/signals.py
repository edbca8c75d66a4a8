"""What makes a worker begin, go on and end with batches."""

import logging
from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from apps.batches import engine
from apps.batches.leases import LEASE_SECONDS
from apps.batches.services import work_waiting
from apps.batches.tasks import run_batches, sweep_batches

logger = logging.getLogger(__name__)

# What is under way is worth waiting for; the rest is given back, and a supervisor that cannot wait kills.
STOP_SECONDS = 6.0


@receiver(work_waiting)
def ask_a_worker(sender: Any, miniprogram_id: int, **kwargs: Any) -> None:
    """Ask a worker; without Redis the sweep does it when Redis is back."""
    try:
        run_batches.delay(miniprogram_id)
    except OperationalError:
        logger.warning("no worker could be asked: the batches begin with the next sweep")


@worker_ready.connect
def begin(**kwargs: Any) -> None:
    """A worker that replaces a dead one need not wait for the beat, but for the end of the dead one's lease."""
    for seconds in (0.0, LEASE_SECONDS + 1.0):
        sweep_batches.apply_async(countdown=seconds)


@worker_shutting_down.connect
def end(**kwargs: Any) -> None:
    engine.stop_runs()


@worker_shutdown.connect
def wait(**kwargs: Any) -> None:
    engine.wait_for_runs(STOP_SECONDS)
