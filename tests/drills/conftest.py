"""Drills: real processes against the real Redis, the test database and the sandbox over HTTP."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tests.drills.fleet import Fleet

REPORT_FILE = os.environ.get("DRILL_REPORT", "")


@pytest.fixture
def fleet(sandbox: Any, spawn: Any, redis_client: Redis) -> Callable[..., Fleet]:
    """`fleet("read", miniprograms, processes=16, threads=50)`: ready, waiting for `.go()` or `.run()`."""

    def start(action: str, miniprograms: Any, **plan: Any) -> Fleet:
        return Fleet(spawn, redis_client).start(action, miniprograms, **plan)

    return start


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`measured(fetches=1, ...)`: a line of numbers for people, in the file that DRILL_REPORT names."""

    def write(**facts: Any) -> None:
        if REPORT_FILE:
            with open(REPORT_FILE, "a") as file:
                file.write(json.dumps({"test": request.node.name} | facts) + "\n")

    return write
