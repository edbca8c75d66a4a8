"""Every drill of benchmarks/drills for a few seconds: nothing lost, nothing damaged, every refusal says why."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.drills.faults import DRILLS

pytestmark = pytest.mark.drill
ROOT = Path(__file__).resolve().parents[2]
# some 80 s on two idle cores
LONGEST_SECONDS = 900


def test_every_fault_loses_nothing_and_damages_nothing(tmp_path):
    place = tmp_path / "drills.md"
    command = [sys.executable, "-m", "benchmarks.drills", "--short", "--save", str(place)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-3000:]
    assert re.findall(r"^\| ([a-z0-9-]+) \| \d", place.read_text(), re.MULTILINE) == [drill.name for drill in DRILLS]
