"""What is installed are the very files that were locked: every pin has hashes, and `make` takes nothing without."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pip
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
    lines = [line for line in (BASE_DIR / name).read_text().splitlines() if "pip install" in line]
    assert lines and all("--require-hashes" in line for line in lines)


def make_wheel(directory: Path, name: str, **files: str) -> str:
    """A package for no index; its line in a locked file."""
    path, info = directory / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        for script, content in files.items():
            program = zipfile.ZipInfo(f"{name}-1.0.data/scripts/{script}")
            program.external_attr = 0o100755 << 16
            wheel.writestr(program, content)
        wheel.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Project:
    """A directory with our Makefile and a package to install; a program named uv is one that the test puts there."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.programs = directory, directory / "bin"
        self.programs.mkdir()
        venv.create(directory / ".venv", with_pip=False, symlinks=True)
        (packages,) = directory.glob(".venv/lib/*/site-packages")
        # that of this environment: to install another one takes seconds
        (packages / "pip").symlink_to(Path(pip.__file__).parent)
        shutil.copy(BASE_DIR / "Makefile", directory)
        self.locked = make_wheel(directory, "left_pad")
        others = [place for place in os.environ["PATH"].split(os.pathsep) if not (Path(place) / "uv").exists()]
        self.environment = os.environ | {
            "PATH": os.pathsep.join([str(self.programs), *others]),
            **{"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(directory), "PIP_CONFIG_FILE": os.devnull},
            **{"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(directory), "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1"},
        }

    def install(self, requirements: str) -> subprocess.CompletedProcess[str]:
        (self.directory / "requirements.txt").write_text(requirements)
        command = ["make", ".venv/runtime"]
        options = {"capture_output": True, "text": True, "timeout": 300}
        return subprocess.run(command, cwd=self.directory, env=self.environment, **options)

    @property
    def installer(self) -> str:
        """Who installed the package; empty: nobody."""
        found = list(self.directory.glob(".venv/lib/*/site-packages/left_pad-1.0.dist-info/INSTALLER"))
        return found[0].read_text().strip() if found else ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def write_program(path: Path, *lines: str) -> None:
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)


def test_make_installs_the_locked_file_and_no_other(project):
    assert "Hashes are required" in project.install("left-pad==1.0\n").stderr
    wrong = re.sub(r":[0-9a-f]{64}", f":{'0' * 64}", project.locked)
    assert "DO NOT MATCH THE HASHES" in project.install(wrong).stderr
    assert project.installer == ""
    assert project.install(project.locked).returncode == 0
    assert project.installer == "pip"


def test_make_installs_with_uv_where_there_is_one_and_demands_hashes_too(project):
    # it is among what the tests need
    (project.programs / "uv").symlink_to(Path(sys.prefix) / "bin/uv")
    assert "uv failed; trying pip." in project.install("left-pad==1.0\n").stderr
    assert project.installer == ""
    assert project.install(project.locked).returncode == 0
    assert project.installer == "uv"
    # as pip does it: otherwise every process does it for itself
    assert list(project.directory.glob(".venv/lib/*/site-packages/__pycache__/left_pad.*.pyc"))


def test_make_installs_with_pip_where_uv_fails(project):
    write_program(project.programs / "uv", "exit 2")
    assert project.install(project.locked).returncode == 0
    assert project.installer == "pip"


def test_make_takes_the_locked_uv_where_the_machine_has_none(project):
    script = '#!/bin/sh\necho "$*" > asked.txt\n'
    locked = make_wheel(project.directory, "uv", uv=script)
    (project.directory / "requirements-dev.txt").write_text(f"{project.locked}{locked}")
    assert project.install(project.locked).returncode == 0
    assert (project.directory / "asked.txt").read_text().endswith("--require-hashes -r requirements.txt\n")


def test_uv_asks_the_index_that_pip_was_told_to_ask(project):
    write_program(project.programs / "uv", 'echo "$UV_DEFAULT_INDEX" > asked.txt')
    project.environment |= {"PIP_INDEX_URL": "https://mirror.invalid/simple"}
    assert project.install(project.locked).returncode == 0
    assert (project.directory / "asked.txt").read_text() == "https://mirror.invalid/simple\n"


def test_make_makes_an_environment_with_the_first_python_that_fits(tmp_path):
    shutil.copy(BASE_DIR / "Makefile", tmp_path)
    write_program(tmp_path / "old", 'case "$*" in *platform*) echo 3.9.1 ;; *) exit 1 ;; esac')
    write_program(tmp_path / "new", 'case "$*" in *platform*) echo 3.12.1 ;; *) echo "$*" >> asked.txt ;; esac')
    command = ["make", ".venv/ready", f"PYTHON={tmp_path}/missing {tmp_path}/old {tmp_path}/new"]
    # as the real one would
    (tmp_path / ".venv").mkdir()
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "asked.txt").read_text().splitlines()[-1] == "-m venv --clear .venv"
