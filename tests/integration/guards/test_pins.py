"""What is installed are the very files that were locked: every pin has hashes, and `make` takes nothing without."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
FILES = ["requirements.txt", "requirements-dev.txt"]
PIN = re.compile(r"([a-z0-9-]+)==(\S+?)( ; [^\\\n]+)?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n")


def locked(name: str) -> dict[str, str]:
    """The pins of a file with everything that belongs to them; nothing else may stand in it."""
    text = (BASE_DIR / name).read_text()
    assert PIN.sub("", text) == ""
    return {found[1]: found[0] for found in PIN.finditer(text)}


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_the_hashes_of_its_files_and_no_line_names_an_index(name):
    assert len(locked(name)) > 50


def test_the_tests_run_with_the_files_that_production_runs_with():
    production, development = map(locked, FILES)
    assert production.items() <= development.items()


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_every_installation_demands_hashes(name):
    lines = [line for line in (BASE_DIR / name).read_text().splitlines() if " -r requirements" in line]
    assert lines and all("--require-hashes" in line for line in lines)


def make_wheel(directory: Path) -> str:
    """A package for no index; its SHA-256."""
    path, info = directory / "left_pad-1.0-py3-none-any.whl", "left_pad-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("left_pad.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: left-pad\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_make_installs_the_locked_file_and_no_other(tmp_path):
    shutil.copy(BASE_DIR / "Makefile", tmp_path)
    digest = make_wheel(tmp_path)
    environment = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    command = ["make", ".venv/runtime", f"PYTHON={sys.executable}"]

    def install(line: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "requirements.txt").write_text(line)
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert "Hashes are required" in install("left-pad==1.0\n").stderr
    assert "DO NOT MATCH THE HASHES" in install(f"left-pad==1.0 --hash=sha256:{'0' * 64}\n").stderr
    assert install(f"left-pad==1.0 --hash=sha256:{digest}\n").returncode == 0
    assert list(tmp_path.glob(".venv/lib/*/site-packages/left_pad.py"))
