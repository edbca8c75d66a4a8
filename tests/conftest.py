"""Fixtures that every test may use: Redis, the sandbox WeChat, a browser, and real processes on the test database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client, override_settings
from django.utils import translation
from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from tests.chromium import SWITCHES, find_chromium
from tests.clock import Clock
from tests.reading import ReadingClient
from tests.redis_process import RedisProcess
from tests.waiting import wait_until

BASE_DIR = Path(__file__).resolve().parent.parent
REPORT_FILE = os.environ.get("DRILL_REPORT", "")
Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """A request in Chinese leaves its language to whatever runs next in the same thread."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """A login costs a thirtieth of a second otherwise, and tests log in some hundred times."""
    hashers = ["tests.quick_hasher.QuickHasher", *django_settings.PASSWORD_HASHERS[1:]]
    with override_settings(PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture
def client() -> Client:
    """In place of Django's, which leaves pages that come in pieces unread."""
    return ReadingClient()


@pytest.fixture(autouse=True)
def _nothing_is_remembered_of_the_parts() -> None:
    from apps.monitoring.database import forget_database
    from apps.monitoring.storage import forget_storage
    from wxcode.health import readiness

    forget_storage()
    forget_database()
    readiness.forget()


@pytest.fixture
def dead_redis(settings: Any) -> Iterator[Callable[[], None]]:
    """Call it, and REDIS_URL points where nobody listens; afterwards everything is as before."""
    # settings must be ready before what reads them is imported
    from apps.coordination.connection import forget_trouble, redis_connection

    def forget() -> None:
        redis_connection.cache_clear()
        forget_trouble()

    def die() -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        forget()

    yield die
    forget()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite's test database is a file, because other processes must see it; each worker has its own directory."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(django_settings.DATA_DIR / "test.sqlite3")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this process's own, at the address that its settings have had from the start."""
    with RedisProcess(django_settings.REDIS_URL, django_settings.DATA_DIR):
        yield django_settings.REDIS_URL


@pytest.fixture(scope="session")
def _redis_connection(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url, socket_timeout=5) as client:
        yield client


@pytest.fixture
def redis_client(_redis_connection: Redis) -> Redis:
    """Redis, empty. Integration tests, browsers and drills get it without asking."""
    from apps.coordination.counting import forget_counts

    forget_counts()
    _redis_connection.flushall()
    return _redis_connection


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    """`clock.advance(seconds)`: moves time for this process, Redis and, where the test has one, the sandbox."""
    with Clock() as clock:
        if "redis_client" in request.fixturenames:
            clock.redis = request.getfixturevalue("redis_client")
        if "sandbox" in request.fixturenames:
            clock.sandbox = request.getfixturevalue("sandbox")
        yield clock


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Any]:
    from tests.sandbox_process import SandboxProcess

    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: Any, settings: Any) -> Any:
    """The sandbox WeChat, forgetful of earlier tests, and SANDBOX_URL pointing at it."""
    sandbox_process.reset()
    settings.SANDBOX_URL = sandbox_process.url
    return sandbox_process


@pytest.fixture
def process_environment(transactional_db: None, settings: Any) -> dict[str, str]:
    """The environment that lets another process work on this test's database, Redis, pictures and sandbox."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        url = f"sqlite:///{database['NAME']}"
    else:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database['NAME']}").geturl()
    return os.environ | {"DATABASE_URL": url, "SANDBOX_URL": settings.SANDBOX_URL}


@pytest.fixture
def run_manage(process_environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run_manage("refresh_tokens", "--force", input="...")`: a real process, finished; its output as text."""

    def run(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(BASE_DIR / "manage.py"), *words]
        defaults = {"capture_output": True, "text": True, "timeout": 60, "env": process_environment}
        return subprocess.run(command, cwd=BASE_DIR, **(defaults | options))

    return run


@pytest.fixture
def spawn(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Spawn]:
    """`spawn("-m", "celery", "-A", "wxcode", "worker")`: a real Python process that never outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        with (tmp_path / f"process-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=BASE_DIR,
                env=process_environment | (env or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                process_group=0,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
    deadline = time.monotonic() + 10
    for process in started:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


@pytest.fixture
def celery_worker(spawn: Spawn) -> subprocess.Popen[str]:
    """A real Celery worker that has said it is ready."""
    from wxcode.celery import app

    process = spawn("-m", "celery", "-A", "wxcode", "worker", "--pool", "threads", "-c", "4", "-l", "info")
    wait_until(lambda: app.control.ping(timeout=0.3) or process.poll() is not None)
    assert process.poll() is None, "the Celery worker did not start"
    return process


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for the whole run: a second Playwright beside it would not start."""
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium-headless-shell)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`measured(fetches=1, ...)`: a line of numbers for people, in the file that DRILL_REPORT names."""

    def write(**facts: Any) -> None:
        if REPORT_FILE:
            with open(REPORT_FILE, "a") as file:
                file.write(json.dumps({"test": request.node.name} | facts) + "\n")

    return write
