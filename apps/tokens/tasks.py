"""Celery tasks of the tokens app: when to do what the services do."""

import time
from datetime import timedelta

from celery import shared_task
from django.utils.translation import gettext_noop

from apps.miniprograms.models import MiniProgram
from apps.tokens import events, schedule, store
from apps.tokens.models import Trigger

EVENTS_KEPT = timedelta(days=30)
# who asked, in the history: the save itself does not say which operator it was
CHANGE = gettext_noop("mini-program changed")


@shared_task(ignore_result=True)
def refresh_due_tokens() -> None:
    """Every minute, from beat."""
    schedule.refresh_due_tokens()


@shared_task(ignore_result=True)
def refresh_after_change(appid: str) -> None:
    """Right after an operator changed a mini-program, so that nobody has to wait for the next beat."""
    miniprogram = MiniProgram.objects.refreshable().filter(appid=appid).first()
    if miniprogram is None:
        return
    # the beat, or a second worker, may have been quicker
    claimed_until = store.claim(appid, now=time.time())
    if claimed_until is not None:
        schedule.refresh_claimed(
            miniprogram, trigger=Trigger.OPERATOR, claimed_until=claimed_until, requested_by=CHANGE
        )


@shared_task(ignore_result=True)
def prune_token_events() -> None:
    """Every day, from beat."""
    events.prune_events(older_than=EVENTS_KEPT)
