"""`python -m tests [pytest arguments]`: the whole suite on SQLite; then, on PostgreSQL, what can differ by that.

With four cores or more both at once; what PostgreSQL's run says comes after the other one. With arguments: those, on
SQLite (or on PostgreSQL with TEST_DATABASE=postgres) only.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from tests.postgres import PostgresNotFound, find_programs
from wxcode.stack import lifeline

SHOW_SECONDS = 0.5
# the drills start sixteen processes at a time, which two of them would starve on fewer
CORES_FOR_BOTH = 4
ON_POSTGRES = {"TEST_DATABASE": "postgres", "TEST_ONLY": "database"}
IS_CI = os.environ.get("CI", "").lower() in ("1", "true")


def missing_parts() -> dict[str, str]:
    """What this machine lacks, with how to get it."""
    missing = {}
    try:
        find_programs()
    except PostgresNotFound:
        if not os.environ.get("TEST_DATABASE_URL"):
            missing["PostgreSQL"] = "the second run, on PostgreSQL (Debian: apt-get install postgresql)"
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium")):
        missing["Chromium"] = "the browser tests (Debian: apt-get install chromium, or set CHROMIUM)"
    if not shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        missing["nginx"] = "the tests of its configuration (Debian: apt-get install nginx-light)"
    return missing


def start_pytest(arguments: Sequence[str] = (), *, output: Any = None, **variables: str) -> subprocess.Popen[bytes]:
    command = lifeline.command_line(signal.SIGTERM, [sys.executable, "-m", "pytest", *arguments])
    return subprocess.Popen(command, env=os.environ | variables, stdout=output, stderr=output and subprocess.STDOUT)


def pass_signals_on(*processes: subprocess.Popen[bytes]) -> None:
    def pass_on(*_: object) -> None:
        for process in processes:
            process.terminate()

    # the terminal sends Ctrl-C to pytest as well, which tidies up and says how far it came
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, pass_on)


def show(output: Any, process: subprocess.Popen[bytes]) -> int:
    """What `process` has written to the file and writes until it ends; its exit code."""
    output.seek(0)
    while True:
        has_ended = process.poll() is not None
        shutil.copyfileobj(output, sys.stdout.buffer)
        sys.stdout.flush()
        if has_ended:
            return process.returncode
        time.sleep(SHOW_SECONDS)


def main() -> int:
    if sys.argv[1:]:
        only = start_pytest(sys.argv[1:])
        pass_signals_on(only)
        return only.wait()
    missing = missing_parts()
    for name, what in missing.items():
        print(f"{name} is not on this machine, so left out: {what}.", flush=True)
    if missing and IS_CI:
        print("CI=true: nothing may be left out.", file=sys.stderr)
        return 1
    has_postgres = "PostgreSQL" not in missing
    with tempfile.TemporaryFile() as output:
        beside = []
        if has_postgres and (os.cpu_count() or 1) >= CORES_FOR_BOTH:
            beside = [start_pytest(output=output, **ON_POSTGRES)]
        print("On SQLite:", flush=True)
        first = start_pytest()
        pass_signals_on(first, *beside)
        code = first.wait()
        if has_postgres:
            print("On PostgreSQL:", flush=True)
        for process in beside:
            code = show(output, process) or code
    if has_postgres and not beside:
        second = start_pytest(**ON_POSTGRES)
        pass_signals_on(second)
        code = second.wait() or code
    return code


if __name__ == "__main__":
    sys.exit(main())
