"""When each key was last used, to about a minute, for one small write a minute."""

import datetime as dt
import logging
import time

from django.db import DatabaseError
from django.utils import timezone

from apps.clients.models import ApiClient

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 60.0

Used = tuple[int, bool]

# per process: client id and whether its previous key -> monotonic time of the last write; an entry or two per client
_written_at: dict[Used, float] = {}


def note_use(client_id: int, *, is_previous_key: bool = False) -> None:
    """Writes when the key was last used, unless this process did so within the last minute.

    A failure is logged, never raised.
    """
    if is_use_noted(client_id, is_previous_key=is_previous_key):
        return
    # before the write: of several threads one writes, and a database in trouble is left alone for a minute
    _written_at[client_id, is_previous_key] = time.monotonic()
    moment = timezone.now()
    field = "previous_key_used_at" if is_previous_key else "last_used_at"
    try:
        # past the signals, because a use changes nothing that is remembered about the key
        ApiClient.objects.filter(pk=client_id).unused_since(
            moment - dt.timedelta(seconds=INTERVAL_SECONDS), field=field
        ).update(**{field: moment})
    except DatabaseError as exc:
        logger.warning("last use of API client %d not recorded: %s", client_id, exc)


def is_use_noted(client_id: int, *, is_previous_key: bool = False) -> bool:
    """Whether this process wrote a use of this key within the last minute, so that `note_use` would not."""
    written_at = _written_at.get((client_id, is_previous_key))
    return written_at is not None and time.monotonic() - written_at < INTERVAL_SECONDS


def forget_uses() -> None:
    """Makes the next use of every key write again; for tests."""
    _written_at.clear()
