"""Drills: real processes against the real Redis, the test database and the sandbox over HTTP."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from redis import Redis

from tests.drills.fleet import Fleet
from tests.drills.forked import Forked, ForkServer
from tests.integration.batches.conftest import make_batch as make_batch
from tests.integration.batches.conftest import miniprogram as miniprogram


@pytest.fixture(autouse=True)
def _empty_redis(redis_client: Redis) -> None:
    """What a drill finds in Redis is its own."""


@pytest.fixture(scope="session")
def shared_environment(django_db_setup: None, redis_url: str, sandbox_process: Any) -> dict[str, str]:
    """`process_environment` for processes that several drills share."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        url = f"sqlite:///{database['NAME']}"
    else:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database['NAME']}").geturl()
    return os.environ | {"DATABASE_URL": url, "SANDBOX_URL": sandbox_process.url}


@pytest.fixture(scope="session")
def fork_server(shared_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    with ForkServer(shared_environment, tmp_path_factory.mktemp("fork-server")) as server:
        yield server


@pytest.fixture
def fork(
    fork_server: ForkServer, sandbox: Any, transactional_db: None, tmp_path: Path
) -> Iterator[Callable[..., list[Forked]]]:
    """`(worker,) = fork("celery", "-A", "wxcode", "worker")`: like `spawn("-m", ...)`, but loaded already."""
    started: list[Forked] = []

    def start(module: str, *words: str, **options: Any) -> list[Forked]:
        new = fork_server.fork(module, *words, log=tmp_path / f"forked-{len(started)}.log", **options)
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
