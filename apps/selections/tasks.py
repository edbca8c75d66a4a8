"""Celery tasks of the selections app: when to do what the services do."""

from celery import shared_task
from django.utils import timezone

from apps.selections import jobs, tidying


@shared_task(ignore_result=True)
def attend_selections() -> None:
    """When a job was asked for, and every twenty seconds from beat, for what a dead worker has left behind."""
    if jobs.attend():
        attend_selections.delay()


@shared_task(ignore_result=True)
def tidy_selections() -> None:
    """Every hour, from beat."""
    tidying.tidy_selections(now=timezone.now())
