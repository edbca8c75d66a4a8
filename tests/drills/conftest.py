"""Drills: real processes against the real Redis, the test database and the sandbox over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tests.drills.fleet import Fleet
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import miniprogram as miniprogram


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: Redis) -> None:
    """What a drill finds in Redis is its own."""


@pytest.fixture
def fleet(sandbox: Any, spawn: Any, redis_client: Redis) -> Callable[..., Fleet]:
    """`fleet("read", miniprograms, processes=16, threads=50)`: ready, waiting for `.go()` or `.run()`."""

    def start(action: str, miniprograms: Any, **plan: Any) -> Fleet:
        return Fleet(spawn, redis_client).start(action, miniprograms, **plan)

    return start
