"""`python -m tests [pytest arguments]`: the whole suite on SQLite; then, on PostgreSQL, what can differ by that.

On each database the drills come last and alone; everything else runs beside each other, one process for a core. With
arguments: those, in one process, on SQLite (or on PostgreSQL with TEST_DATABASE=postgres) only.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence

from pytest import ExitCode

from tests.postgres import PostgresNotFound, find_programs
from wxcode.stack import lifeline

# each has a Redis, a sandbox and a browser of its own
MOST_AT_ONCE = 4
AT_ONCE = ["-n", str(min(os.cpu_count() or 1, MOST_AT_ONCE)), "--dist", "worksteal", "-m", "not drill"]
# sixteen processes at a time that are bound by seconds: they want the machine for themselves
ALONE = ["-m", "drill"]
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


def run_pytest(arguments: Sequence[str], **variables: str) -> int:
    """Pytest's exit code. Signals to end reach it, and it tidies up."""
    command = lifeline.command_line(signal.SIGTERM, [sys.executable, "-m", "pytest", *arguments])
    process = subprocess.Popen(command, env=os.environ | variables)
    # the terminal sends Ctrl-C to pytest as well, which says how far it came
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def main() -> int:
    if sys.argv[1:]:
        return run_pytest(sys.argv[1:])
    missing = missing_parts()
    for name, what in missing.items():
        print(f"{name} is not on this machine, so left out: {what}.", flush=True)
    if missing and IS_CI:
        print("CI=true: nothing may be left out.", file=sys.stderr)
        return 1
    databases: dict[str, dict[str, str]] = {"SQLite": {}, "PostgreSQL": ON_POSTGRES}
    failed = 0
    for database, variables in databases.items():
        if database in missing:
            continue
        for part in (AT_ONCE, ALONE):
            print(f"On {database}{', the drills' if part is ALONE else ''}:", flush=True)
            code = run_pytest(part, **variables)
            if code in (ExitCode.INTERRUPTED, -signal.SIGTERM):
                return code
            failed = failed or code
    return failed


if __name__ == "__main__":
    sys.exit(main())
