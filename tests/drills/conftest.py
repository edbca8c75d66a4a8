"""Drills: real processes against the real Redis, the test database and the sandbox over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tests.drills.fleet import Fleet


@pytest.fixture
def fleet(sandbox: Any, spawn: Any, redis_client: Redis) -> Callable[..., Fleet]:
    """`fleet("read", miniprograms, processes=16, threads=50)`: ready, waiting for `.go()` or `.run()`."""

    def start(action: str, miniprograms: Any, **plan: Any) -> Fleet:
        return Fleet(spawn, redis_client).start(action, miniprograms, **plan)

    return start
