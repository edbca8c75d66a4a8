"""PostgreSQL or SQLite, Redis, the sandbox: each test begins with an empty Redis."""

import pytest
from redis import Redis


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: Redis) -> None:
    """What a test finds in Redis is its own."""
