"""Celery tasks of the batches app: when to do what the services do."""

import time

from celery import shared_task

from apps.batches import engine, services, uploads

# a sweep that nobody took is replaced by the next one
SWEEP_EXPIRES_SECONDS = 18


@shared_task(ignore_result=True)
def run_batches(miniprogram_id: int) -> None:
    """Whenever a batch of the mini-program waits for work; the work itself goes on in threads of its own."""
    engine.ensure_run(miniprogram_id)


@shared_task(ignore_result=True)
def sweep_batches() -> None:
    """Every twenty seconds, from beat: find what a dead process has left behind."""
    for miniprogram_id in services.sweep():
        run_batches.apply_async((miniprogram_id,), expires=SWEEP_EXPIRES_SECONDS)


@shared_task(ignore_result=True)
def tidy_uploads() -> None:
    """Every ten minutes, from beat: tables that were uploaded to be checked are kept for an hour."""
    uploads.tidy_uploads(now=time.time())
