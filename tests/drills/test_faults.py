"""Every fault of benchmarks/drills: nothing lost, nothing damaged, every refusal says why."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.drills.faults import DRILLS
from benchmarks.drills.rehearsal import IN_TURN_NAME
from tests.drills.sizes import SIZES
from tests.postgres import PostgresNotFound, find_programs

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 1800


def has_postgres():
    try:
        return bool(find_programs())
    except PostgresNotFound:
        return False


@pytest.mark.skipif(not has_postgres(), reason="PostgreSQL is not installed (Debian: apt-get install postgresql)")
def test_every_fault_loses_nothing_and_damages_nothing(tmp_path):
    place = tmp_path / "drills.md"
    command = [sys.executable, "-m", "benchmarks.drills", "--short", "--save", str(place)]
    command += [] if SIZES.faults_apart else ["--in-turn"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-3000:]
    expected = [drill.name for drill in DRILLS] if SIZES.faults_apart else [IN_TURN_NAME]
    assert re.findall(r"^\| ([a-z0-9-]+) \| \d", place.read_text(), re.MULTILINE) == expected
