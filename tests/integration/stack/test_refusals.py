"""What `make run` says when it cannot start: one sentence, what to do, and a non-zero exit."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.drills.launched import Launched
from tests.plugin import BASE_DIR
from wxcode.stack.__main__ import make_plan, require_redis
from wxcode.stack.preflight import StartRefused, prepare_data_dir, require_free_port


def test_a_start_that_is_refused_is_one_sentence_and_an_exit_code(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Launched(tmp_path / "data", port=port) as launched:
            assert launched.process.wait(60) == 1
    assert launched.text.startswith("wxcode cannot start: ")
    assert len(launched.text.strip().splitlines()) == 1
    assert f"Port {port} on 127.0.0.1 is busy" in launched.text
    assert f"PORT={port + 1} make run" in launched.text


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StartRefused) as refused:
        prepare_data_dir(tmp_path / "file" / "data")
    assert f"{tmp_path}/file/data cannot be written" in str(refused.value)
    assert "WXCODE_DATA_DIR=" in str(refused.value)


def test_a_disk_without_room_is_told_before_the_database_is_prepared(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("wxcode.stack.preflight.shutil.disk_usage", lambda path: usage._replace(free=3_900_000))
    with pytest.raises(StartRefused) as refused:
        prepare_data_dir(tmp_path / "data")
    assert f"3 MB are left on the disk of the data directory {tmp_path}/data" in str(refused.value)
    monkeypatch.undo()
    prepare_data_dir(tmp_path / "data").close()


def test_a_malformed_port_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("WXCODE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(ImproperlyConfigured, match="PORT is malformed"):
        make_plan(dict(os.environ))


def test_a_redis_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(StartRefused, match="REDIS_URL does not answer") as refused:
        require_redis("redis://:hidden-word@127.0.0.1:1/0")
    assert "hidden-word" not in str(refused.value)


def test_an_option_of_the_redis_address_that_nobody_knows_is_refused():
    with pytest.raises(StartRefused, match="REDIS_URL is malformed: an option behind its") as refused:
        require_redis("redis://:hidden-word@127.0.0.1:1/0?hidden=1")
    assert "hidden" not in str(refused.value)


def test_a_data_directory_in_use_names_the_process_that_uses_it(tmp_path):
    naming_us = pytest.raises(StartRefused, match=f"already running .* \\(process {os.getpid()}\\)")
    with prepare_data_dir(tmp_path / "data"), naming_us:
        prepare_data_dir(tmp_path / "data")


def test_a_data_directory_is_free_again_after_its_run(tmp_path):
    prepare_data_dir(tmp_path / "data").close()
    prepare_data_dir(tmp_path / "data").close()


def test_a_new_data_directory_is_for_its_owner_alone(tmp_path):
    prepare_data_dir(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(StartRefused, match=r"192\.0\.2\.1"):
        require_free_port("192.0.2.1", 8000)


def project_with_pythons(tmp_path: Path, **versions: str) -> Path:
    """A copy of the Makefile and a PATH with only fake Pythons of these versions."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "rm", "touch"):
        (programs / name).symlink_to(shutil.which(name))
    for name, version in versions.items():
        (programs / name).write_text(f'#!/bin/sh\ncase "$2" in *platform*) echo {version};; *) exit 1;; esac\n')
        (programs / name).chmod(0o755)
    shutil.copy(BASE_DIR / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    return programs


def make_run(tmp_path: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shutil.which("make"), "run"], cwd=tmp_path, env={"PATH": str(programs)}, capture_output=True, text=True
    )


def test_an_old_python_is_named_with_what_is_needed(tmp_path):
    finished = make_run(tmp_path, project_with_pythons(tmp_path, python3="3.9.2"))
    assert finished.returncode != 0
    assert "wxcode needs Python 3.11, 3.12 or 3.13 (found: 3.9.2)" in finished.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_python_at_all_is_said_in_the_same_words(tmp_path):
    finished = make_run(tmp_path, project_with_pythons(tmp_path))
    assert "needs Python 3.11, 3.12 or 3.13 (found: none)" in finished.stderr
