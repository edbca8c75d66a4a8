"""Celery tasks of the codes app: when to do what the services do."""

from datetime import timedelta

from celery import shared_task

from apps.codes.services import prune_failed_attempts as prune

ATTEMPTS_KEPT = timedelta(days=90)


@shared_task(ignore_result=True)
def prune_failed_attempts() -> None:
    """Every day, from beat."""
    prune(older_than=ATTEMPTS_KEPT)
