"""A second database of the kind that the tests run on, empty, and this process on it for a while."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection


@contextmanager
def empty_database(directory: Path) -> Iterator[str]:
    """Its name; of SQLite a file in `directory` that does not exist yet."""
    if connection.vendor == "sqlite":
        yield str(directory / "wxcode.sqlite3")
        return
    name = f"other_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["WXCODE_TEST_POSTGRES_URL"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def database_named(name: str) -> Iterator[None]:
    """The default database is this one, and afterwards the test's again. Needs `transactional_db`."""
    ours = connection.settings_dict["NAME"]

    def use(name: str) -> None:
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()
        connection.settings_dict["NAME"] = name

    use(name)
    try:
        yield
    finally:
        use(ours)
