"""A database of so many codes, and a process beside it that asks when it is told to."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from cryptography.fernet import Fernet

from benchmarks.history.questions import Asker, ask, cases
from benchmarks.history.rows import fill
from wxcode.stack import redis_server

BASE_DIR = Path(__file__).resolve().parents[2]


class History:
    """A process with a database of `size` codes, which asks when it is told to; `with` ends it."""

    def __init__(self, size: int, *, is_postgres: bool) -> None:
        self.size, self.is_postgres = size, is_postgres

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as cleanup:
            directory = Path(tempfile.mkdtemp(prefix="wxcode-benchmark-"))
            cleanup.callback(shutil.rmtree, directory, ignore_errors=True)
            redis_url = redis_server.new_url(password=secrets.token_urlsafe(16), port=redis_server.free_port())
            redis = redis_server.start(url=redis_url, directory=directory / "redis", output=subprocess.DEVNULL)
            cleanup.callback(redis.terminate)
            redis_server.wait_until_ready(redis, redis_url)
            database = f"sqlite:///{directory}/history.sqlite3"
            if self.is_postgres:
                from tests.postgres import PostgresServer

                database = cleanup.enter_context(PostgresServer()).url
            environment = os.environ | {
                "DATABASE_URL": database,
                "REDIS_URL": redis_url,
                "WXCODE_DATA_DIR": str(directory),
                "SECRET_KEY": secrets.token_urlsafe(50),
                "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
                "HTTPS_ONLY": "false",
                "ALLOWED_HOSTS": "testserver",
                "DEBUG": "false",
                "LOG_LEVEL": "WARNING",
            }
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.history", "--child", str(self.size)],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            cleanup.callback(self.process.wait)
            cleanup.callback(self.process.terminate)
            self.cleanup = cleanup.pop_all()
        return self

    def wait(self) -> None:
        """Until the database is filled."""
        self._read()

    def ask(self, case: str, *, runs: int, with_plans: bool = False) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"case": case, "runs": runs, "with_plans": with_plans}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process with {self.size:,} rows has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __exit__(self, *_error: object) -> None:
        self.cleanup.close()


def child(size: int) -> None:
    import django
    from django.core.management import call_command

    os.environ["DJANGO_SETTINGS_MODULE"] = "wxcode.settings"
    django.setup()
    call_command("migrate", verbosity=0)
    started = time.monotonic()
    asker, known = Asker(fill(size)), cases(size)
    print(f"{size:,} rows in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        told = ask(asker, known[order["case"]], runs=order["runs"], with_plans=order["with_plans"])
        print(json.dumps(told), flush=True)
