"""`python -m tests [pytest arguments]`: the whole suite on SQLite; then, on PostgreSQL, what can differ by that.

One process more than there are cores, as each waits for a third of its time; the tests of a file stay together, because
they share what is expensive. With arguments: those alone, in one process, on SQLite (or on PostgreSQL with
TEST_DATABASE=postgres). COVERAGE=1 measures branch coverage, of the processes that tests start as well, and fails below
the threshold in pyproject.toml.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pytest import ExitCode

from tests.chromium import find_chromium
from tests.postgres import PostgresNotFound, find_programs
from wxcode.stack import lifeline

# each has a Redis, a sandbox and a browser of its own
MOST_AT_ONCE = 4
AT_ONCE = ["-n", str(min((os.cpu_count() or 1) + 1, MOST_AT_ONCE)), "--dist", "loadfile", "--no-loadscope-reorder"]
BOTH_DATABASES = "both_databases"


def parts() -> dict[str, tuple[list[str], dict[str, str]]]:
    """By database: arguments of pytest and variables of its environment."""
    # to read the other files as well would take every process five seconds
    files = [str(path) for path in sorted(Path("tests").rglob("test_*.py")) if BOTH_DATABASES in path.read_text()]
    return {
        "SQLite": (AT_ONCE, {}),
        "PostgreSQL": ([*AT_ONCE, "-m", BOTH_DATABASES, *files], {"TEST_DATABASE": "postgres"}),
    }


def is_set(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true")


def missing_parts() -> dict[str, str]:
    """What this machine lacks, with how to get it."""
    missing = {}
    try:
        find_programs()
    except PostgresNotFound:
        if not os.environ.get("TEST_DATABASE_URL"):
            missing["PostgreSQL"] = "the second run, on PostgreSQL (Debian: apt-get install postgresql)"
    if not find_chromium():
        missing["Chromium"] = "the browser tests (Debian: apt-get install chromium-headless-shell, or set CHROMIUM)"
    if not shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        missing["nginx"] = "the tests of its configuration (Debian: apt-get install nginx-light)"
    return missing


def run(*command: str, **variables: str) -> int:
    """The exit code of `python -m command`. Signals to end reach it, and pytest tidies up."""
    process = subprocess.Popen(
        lifeline.command_line(signal.SIGTERM, [sys.executable, "-m", *command]), env=os.environ | variables
    )
    # the terminal sends Ctrl-C to pytest as well, which says how far it came
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def run_pytest(arguments: Sequence[str], **variables: str) -> int:
    measuring = ("coverage", "run", "-m") if is_set("COVERAGE") else ()
    return run(*measuring, "pytest", *arguments, **variables)


def run_parts() -> int:
    """Every part, whatever became of the one before; what each took."""
    missing = missing_parts()
    for name, what in missing.items():
        print(f"{name} is not on this machine, so left out: {what}.", flush=True)
    if missing and is_set("CI"):
        print("CI=true: nothing may be left out.", file=sys.stderr)
        return 1
    failed, took = 0, {}
    for database, (arguments, variables) in parts().items():
        if database in missing:
            continue
        print(f"On {database}:", flush=True)
        started = time.monotonic()
        code = run_pytest(arguments, **variables)
        took[database] = time.monotonic() - started
        if code in (ExitCode.INTERRUPTED, -signal.SIGTERM):
            return code
        failed = failed or code
    print(", ".join(f"{database}: {seconds:.0f} s" for database, seconds in took.items()), flush=True)
    return failed


def main() -> int:
    failed = run_pytest(sys.argv[1:]) if sys.argv[1:] else run_parts()
    if is_set("COVERAGE") and failed != ExitCode.INTERRUPTED:
        run("coverage", "combine", "--quiet")
        # a part of the suite covers a part of the code
        threshold = ["--fail-under=0"] if sys.argv[1:] else []
        failed = run("coverage", "report", *threshold) or failed
    return failed


if __name__ == "__main__":
    sys.exit(main())
