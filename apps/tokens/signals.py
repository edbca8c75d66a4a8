"""What a change of a mini-program means for its token: mended credentials count at once."""

import logging
import time
from functools import partial
from typing import Any

from celery.signals import worker_ready
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram
from apps.tokens import store, trouble
from apps.tokens.forgetting import forget_token
from apps.tokens.outgoing import forget_failures
from apps.tokens.tasks import refresh_after_change, refresh_due_tokens

logger = logging.getLogger(__name__)


@receiver(post_save, sender=MiniProgram)
def end_pause_after_change(instance: MiniProgram, raw: bool = False, **kwargs: Any) -> None:
    """A saved mini-program is looked at by the next beat, and any pause ends. The token stays until then."""
    if raw:
        return
    is_refreshable = instance.is_active and not instance.is_refresh_paused
    _end_pause(instance.appid, is_refreshable=is_refreshable)
    transaction.on_commit(partial(_refresh_soon, instance.appid, is_refreshable=is_refreshable))


def _end_pause(appid: str, *, is_refreshable: bool) -> None:
    try:
        trouble.clear_trouble(appid)
        # another proxy, or the sandbox, may have been chosen
        forget_failures(appid)
        if is_refreshable:
            store.set_due(appid, time.time())
        else:
            store.forget_due(appid)
    except CoordinationUnavailable:
        # the refresher reads the database anew when Redis is back
        logger.warning("Redis is away: the change of %s takes effect when it is back", appid)


def _refresh_soon(appid: str, *, is_refreshable: bool) -> None:
    """Ask a worker; without one the next beat does it."""
    # a refresh between save and commit knew only the old values, and may have failed by them
    _end_pause(appid, is_refreshable=is_refreshable)
    if not is_refreshable:
        return
    try:
        refresh_after_change.delay(appid)
    except OperationalError:
        logger.warning("no worker could be asked: the token of %s is refreshed by the next beat", appid)


@receiver(post_delete, sender=MiniProgram)
def forget_after_delete(instance: MiniProgram, **kwargs: Any) -> None:
    """A deleted mini-program leaves no token behind."""
    forget_token(instance.appid)


@worker_ready.connect
def begin(**kwargs: Any) -> None:
    """A worker that just started looks at the due tokens at once: beat's first message comes a minute later."""
    refresh_due_tokens.apply_async(expires=55)
