"""What a web process does before it listens: or thirty requests at once do it, each in the way of the others."""

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connections
from django.urls import get_resolver
from django.utils.translation import gettext, override

from apps.coordination.connection import CoordinationUnavailable, redis_errors

logger = logging.getLogger("wxcode.warm_up")

# Half of what a process may have. A pool opens one after the other, and each takes long while others compute.
DATABASE_CONNECTIONS = 8
# A database that is away keeps nobody from starting: what needs none is served.
PATIENCE_SECONDS = 3.0


def load() -> None:
    """All that opens nothing, so that forked workers can share it: patterns, translations, the client of the storage.

    The first code of a process took 0.5 s, of which boto3 alone 0.3.
    """
    _compile(get_resolver().url_patterns)
    for language, _name in settings.LANGUAGES:
        with override(language):
            gettext("Log in")
    try:
        # only an object storage has one
        getattr(default_storage, "client", None)
    except Exception as error:  # noqa: BLE001  (the settings and boto3's own kinds; none may stop a start)
        # the system check tells more; the text may hold an option's value, which may be a password
        logger.warning("no storage can be made of MEDIA_STORAGE_OPTIONS: %s", type(error).__name__)


def connect() -> None:
    """Open connections to the database and to Redis, in the process that will use them. Never raises for their sake."""
    # of SQLite there is none
    pool: Any = getattr(connections["default"], "pool", None)
    if pool is not None and not pool.fill(DATABASE_CONNECTIONS, seconds=PATIENCE_SECONDS):
        logger.warning("no connection to the database within %.0f s; going on without", PATIENCE_SECONDS)
    try:
        with redis_errors() as client:
            client.ping()
    except CoordinationUnavailable:
        logger.warning("Redis does not answer; going on without")


def _compile(patterns: Iterable[Any]) -> None:
    for pattern in patterns:
        # a property that compiles, and remembers
        _ = pattern.pattern.regex
        _compile(getattr(pattern, "url_patterns", ()))
