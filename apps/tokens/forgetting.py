"""An appid that is no longer here leaves no token behind."""

import logging

from apps.coordination.connection import CoordinationUnavailable
from apps.tokens import local_memory, store, trouble

logger = logging.getLogger(__name__)


def forget_token(appid: str) -> None:
    """Its record, its place in the schedule and its trouble; while Redis is away they end by themselves."""
    local_memory.forget(appid)
    try:
        store.forget_due(appid)
        store.drop_record(appid)
        trouble.clear_trouble(appid)
    except CoordinationUnavailable:
        logger.warning("Redis is away: the token of %s ends by itself", appid)
