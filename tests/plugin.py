"""Prepares the environment of a test process before Django reads its settings (loaded with `-p tests.plugin`)."""

import atexit
import contextlib
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest
from cryptography.fernet import Fernet

from tests.postgres import PostgresNotFound, PostgresServer
from wxcode.stack import redis_server

BASE_DIR = Path(__file__).resolve().parent.parent
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
# a drill waits for other processes, a browser test computes
TIERS = (("drills", "browser"), ("integration",), ("unit",))
cleanup = contextlib.ExitStack()


def variables_of_ours() -> set[str]:
    return set(re.findall(r'env\.read\(\s*"([A-Z_]+)"', (BASE_DIR / "wxcode/settings.py").read_text()))


def prepare_environment() -> None:
    """Nothing of the developer's shell or .env reaches the tests: every variable of ours is set here or blank."""
    # some two hundred processes load the same modules, and each would compile them
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    data_dir = Path(tempfile.mkdtemp(prefix="wxcode-test-"))
    cleanup.callback(shutil.rmtree, data_dir, ignore_errors=True)
    os.environ.update(dict.fromkeys(variables_of_ours(), ""))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "wxcode.settings",
        "WXCODE_DATA_DIR": str(data_dir),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
        "REDIS_URL": redis_server.new_url(password=secrets.token_urlsafe(24), port=redis_server.free_port()),
        "DATABASE_URL": os.environ.get("WXCODE_TEST_POSTGRES_URL") or f"sqlite:///{data_dir}/wxcode.sqlite3",
        "HTTPS_ONLY": "false",
        "DEBUG": "false",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "LOG_LEVEL": "INFO",
        # playwright's synchronous calls run inside an event loop, where Django would refuse the ORM
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }


def start_postgres() -> None:
    """One server per run: workers find its address in the environment that they inherit."""
    given = os.environ.get("TEST_DATABASE_URL")
    if not given and os.environ.get("TEST_DATABASE") != "postgres":
        return
    try:
        url = given or cleanup.enter_context(PostgresServer()).url
    except PostgresNotFound as error:
        raise pytest.UsageError(str(error)) from error
    os.environ["WXCODE_TEST_POSTGRES_URL"] = os.environ["DATABASE_URL"] = url


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Runs before pytest-django reads the settings."""
    if not IS_WORKER:
        start_postgres()
    return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long begin first, so that no process has one left while the others have nothing to do.

    Drills and browser tests take turns, file by file: processes that do both at once leave no core idle.
    """
    places: dict[Path, tuple[int, int]] = {}
    seen: Counter[str] = Counter()
    for path in dict.fromkeys(item.path for item in items):
        tier = path.relative_to(BASE_DIR / "tests").parts[0]
        group = next(number for number, tiers in enumerate(TIERS) if tier in tiers)
        places[path] = (group, seen[tier])
        seen[tier] += 1
    items.sort(key=lambda item: places[item.path])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """With COVERAGE=1: xdist kills a worker that takes longer than ten seconds to end, and what it measured with it."""
    if IS_WORKER and (measuring := coverage.Coverage.current()):
        measuring.save()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    cleanup.close()


atexit.register(cleanup.close)
# SIGTERM ends a run as Ctrl-C does: pytest tidies up
signal.signal(signal.SIGTERM, signal.default_int_handler)
prepare_environment()
