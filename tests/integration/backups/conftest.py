"""A second, empty machine: a database of its own, a data directory of its own, and nothing else of the first one."""

import os
import secrets
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.plugin import BASE_DIR


class EmptyMachine:
    """`run("restore", ...)` and `python("...")` are processes that know this machine alone."""

    def __init__(self, environment):
        self.environment = environment

    def run(self, *words, **variables):
        return self._finish([sys.executable, "manage.py", *words], **variables)

    def python(self, code):
        finished = self._finish([sys.executable, "manage.py", "shell", "--no-imports", "-c", code])
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def _finish(self, command, **variables):
        environment = self.environment | variables
        return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def empty_machine(process_environment, tmp_path):
    directory = tmp_path / "other-machine"
    address = urlsplit(process_environment["DATABASE_URL"])
    variables = {"WXCODE_DATA_DIR": str(directory), "DATABASE_URL": f"sqlite:///{directory}/wxcode.sqlite3"}
    if address.scheme != "postgres":
        yield EmptyMachine(process_environment | variables)
        return
    name = f"other_{secrets.token_hex(4)}"
    maintenance = os.environ["WXCODE_TEST_POSTGRES_URL"]
    with psycopg.connect(maintenance, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            variables["DATABASE_URL"] = address._replace(path=f"/{name}").geturl()
            yield EmptyMachine(process_environment | variables)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
