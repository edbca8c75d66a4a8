"""Drills: real processes against the real Redis, the test database and the sandbox over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.drills.fleet import Fleet
from tests.drills.forked import Forked, ForkServer
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import miniprogram as miniprogram


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: Redis) -> None:
    """What a drill finds in Redis is its own."""


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    server = ForkServer(tmp_path_factory.mktemp("fork-server"))
    yield server
    server.stop()


@pytest.fixture
def fork(
    fork_server: ForkServer, sandbox: Any, process_environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., list[Forked]]]:
    """`(worker,) = fork("celery", "-A", "wxcode", "worker")`: like `spawn("-m", ...)`, but loaded already."""
    started: list[Forked] = []

    def start(module: str, *words: str, count: int = 1) -> list[Forked]:
        log = tmp_path / f"forked-{len(started)}.log"
        new = fork_server.fork(module, *words, environment=process_environment, log=log, count=count)
        started.extend(new)
        return new

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def fleet(fork: Any, redis_client: Redis) -> Callable[..., Fleet]:
    """`fleet("read", miniprograms, Crowd(16, 50))`: ready, waiting for `.go()` or `.run()`."""

    def start(action: str, miniprograms: Any, crowd: Any, **plan: Any) -> Fleet:
        return Fleet(fork, redis_client).start(action, miniprograms, crowd, **plan)

    return start
