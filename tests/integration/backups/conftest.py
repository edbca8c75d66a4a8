"""Machines with a database and a data directory of their own, in this process: the test's, and an empty one."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from tests.empty_database import database_named, empty_database


@dataclass(frozen=True)
class Finished:
    """What a command came to; `error` is empty when it went well."""

    said: str
    error: str


def run_command(*words: str) -> Finished:
    """`manage.py WORDS` in this process."""
    said, error = io.StringIO(), ""
    with redirect_stdout(said):
        try:
            call_command(*words)
        except CommandError as trouble:
            error = str(trouble)
    return Finished(said.getvalue(), error)


class EmptyMachine:
    """`with machine.used():` this process works on its database, its pictures, its settings."""

    def __init__(self, database: str, directory: Path) -> None:
        self.database, self.directory = database, directory

    @contextmanager
    def used(self, **settings: Any) -> Iterator[None]:
        own = {"DATA_DIR": self.directory, "MEDIA_ROOT": self.directory / "media"}
        with override_settings(**(own | settings)), database_named(self.database):
            yield

    def run(self, *words: str, **settings: Any) -> Finished:
        """A command on this machine."""
        with self.used(**settings):
            return run_command(*words)

    @property
    def variables(self) -> dict[str, str]:
        """What processes of this machine have in their environment."""
        if connection.vendor == "sqlite":
            # the third slash begins the path, which has its own
            url = f"sqlite:///{self.database}"
        else:
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.database}").geturl()
        return {"WXCODE_DATA_DIR": str(self.directory), "DATABASE_URL": url}


@pytest.fixture
def run() -> Callable[..., Finished]:
    """`run("backup", "--to", ...)` on the machine of the test."""
    return run_command


@pytest.fixture
def empty_machine(transactional_db: None, tmp_path: Path) -> Iterator[EmptyMachine]:
    directory = tmp_path / "other-machine"
    with empty_database(directory) as name:
        yield EmptyMachine(name, directory)
