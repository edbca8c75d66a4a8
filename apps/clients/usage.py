"""When each key was last used, to about a minute, for one small write a minute."""

import datetime as dt
import logging
import time

from django.db import DatabaseError
from django.utils import timezone

from apps.clients.models import ApiClient

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 60.0

# per process: client id -> monotonic time of its last write; as many entries as there are clients
_written_at: dict[int, float] = {}


def note_use(client_id: int) -> None:
    """Writes `last_used_at` unless this process did so within the last minute. A failure is logged, never raised."""
    if is_use_noted(client_id):
        return
    # before the write: of several threads one writes, and a database in trouble is left alone for a minute
    _written_at[client_id] = time.monotonic()
    moment = timezone.now()
    try:
        # past the signals, because a use changes nothing that is remembered about the key
        ApiClient.objects.filter(pk=client_id).unused_since(moment - dt.timedelta(seconds=INTERVAL_SECONDS)).update(
            last_used_at=moment
        )
    except DatabaseError as exc:
        logger.warning("last use of API client %d not recorded: %s", client_id, exc)


def is_use_noted(client_id: int) -> bool:
    """Whether this process wrote a use of this client within the last minute, so that `note_use` would not."""
    written_at = _written_at.get(client_id)
    return written_at is not None and time.monotonic() - written_at < INTERVAL_SECONDS


def forget_uses() -> None:
    """Makes the next use of every key write again; for tests."""
    _written_at.clear()
