"""All faults of benchmarks/drills, one after the other: nothing lost, nothing damaged, every refusal says why.

`make drills` breaks each of them for longer and alone.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.drills.rehearsal import IN_TURN
from tests.postgres import PostgresNotFound, find_programs

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 600


def has_postgres():
    try:
        return bool(find_programs())
    except PostgresNotFound:
        return False


@pytest.mark.skipif(not has_postgres(), reason="PostgreSQL is not installed (Debian: apt-get install postgresql)")
def test_faults_lose_nothing_and_damage_nothing(tmp_path):
    place = tmp_path / "drills.md"
    command = [sys.executable, "-m", "benchmarks.drills", "--short", "--save", str(place)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-3000:]
    assert re.findall(r"^\| ([a-z0-9-]+) \| \d", place.read_text(), re.MULTILINE) == [IN_TURN]
