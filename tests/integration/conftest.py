"""PostgreSQL or SQLite, Redis, the sandbox: each test begins with an empty Redis."""

from typing import Any

import pytest
from redis import Redis


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: Redis) -> None:
    """What a test finds in Redis is its own."""


@pytest.fixture(autouse=True)
def _static_files_are_looked_for_when_asked_for(settings: Any) -> None:
    """Each client would read the directories of all of them first."""
    settings.WHITENOISE_AUTOREFRESH = True
