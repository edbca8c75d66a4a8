"""`python -m tests [pytest arguments]`: the whole suite on SQLite, then on PostgreSQL.

With arguments: those, on SQLite (or on PostgreSQL with TEST_DATABASE=postgres) only.
"""

import os
import shutil
import signal
import subprocess
import sys

from tests.postgres import PostgresNotFound, find_programs
from wxcode.stack import lifeline

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


def start_pytest(arguments: list[str], **variables: str) -> int:
    command = lifeline.command_line(signal.SIGTERM, [sys.executable, "-m", "pytest", *arguments])
    process = subprocess.Popen(command, env=os.environ | variables)
    # the terminal sends Ctrl-C to pytest as well, which tidies up and says how far it came
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def main() -> int:
    if sys.argv[1:]:
        return start_pytest(sys.argv[1:])
    missing = missing_parts()
    for name, what in missing.items():
        print(f"{name} is not on this machine, so left out: {what}.", flush=True)
    if missing and IS_CI:
        print("CI=true: nothing may be left out.", file=sys.stderr)
        return 1
    print("On SQLite:", flush=True)
    code = start_pytest([])
    if code or "PostgreSQL" in missing:
        return code
    print("On PostgreSQL:", flush=True)
    return start_pytest([], TEST_DATABASE="postgres")


if __name__ == "__main__":
    sys.exit(main())
