"""Each way to start wxcode with a setting, or a data directory, that cannot work: one sentence, no traceback."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.checks.registry import registry
from django.core.exceptions import ImproperlyConfigured

from tests.drills.launched import STACK
from tests.plugin import BASE_DIR
from wxcode.data_dir import find_owner_trouble
from wxcode.environment import load_files
from wxcode.postgresql import reachable
from wxcode.stack.preflight import StartRefused, prepare_data_dir
from wxcode.stack.redis_server import free_port
from wxcode.starting import data_directory_is_its_own, require_own_data

STRANGER = 65_534
HIDDEN = "hidden-word"
WAYS = {
    "make run": STACK,
    "manage.py check": (sys.executable, "manage.py", "check"),
    "web": (sys.executable, "-m", "wxcode.serve", "--interface", "wsgi", "--port", "0", "wxcode.wsgi:application"),
    "worker": (sys.executable, "-m", "celery", "-A", "wxcode", "worker"),
    "beat": (sys.executable, "-m", "celery", "-A", "wxcode", "beat"),
}


def start(command, **options):
    finished = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=120, **options)
    return finished.returncode, (finished.stdout + finished.stderr).strip()


@pytest.mark.parametrize(
    ("name", "value"),
    [("REDIS_URL", f"redis://:{HIDDEN}#@10.0.0.9:6379/0"), ("ALLOWED_HOSTS", "codes.example.com:443")],
)
def test_a_malformed_setting_is_one_sentence_whatever_is_started(name, value, tmp_path):
    environment = os.environ | {name: value, "WXCODE_DATA_DIR": str(tmp_path / "data"), "PORT": str(free_port())}
    with ThreadPoolExecutor(2) as threads:
        told = dict(zip(WAYS, threads.map(lambda way: start(way, env=environment), WAYS.values()), strict=True))
    begin = f"wxcode cannot start: {name} is malformed: "
    offenders = {
        way: text
        for way, (code, text) in told.items()
        if code != 1 or not text.startswith(begin) or len(text.splitlines()) != 1 or HIDDEN in text
    }
    assert offenders == {}


@pytest.mark.parametrize("command", [STACK, (sys.executable, "manage.py", "migrate")])
def test_a_postgresql_that_does_not_answer_is_one_sentence(command, tmp_path):
    environment = os.environ | {
        "DATABASE_URL": f"postgres://wx:{HIDDEN}@127.0.0.1:1/wx",
        "WXCODE_DATA_DIR": str(tmp_path / "data"),
        "PORT": str(free_port()),
    }
    code, text = start(command, env=environment)
    sentence = "wxcode cannot start: The PostgreSQL of DATABASE_URL does not answer (Connection refused): "
    # the pool may have warned before
    assert (code, text.splitlines()[-1]) == (1, f"{sentence}start it, or correct DATABASE_URL.")
    assert "Traceback" not in text and HIDDEN not in text


def let_pass(directory):
    """Pytest keeps other users away from the directories of its tests."""
    for place in (directory, *directory.parents):
        if place.owner() == "root" and "pytest" in str(place):
            place.chmod(0o755)


def test_a_postgresql_that_refuses_the_password_is_told_so_without_it():
    said = 'connection failed: connection to server at "db", port 5432 failed: FATAL:  no user "wx" with "hidden-word"'
    told = reachable._describe(Exception(f"{said}\n\tand advice"), password=HIDDEN)
    assert told.startswith('The PostgreSQL of DATABASE_URL refuses the connection (FATAL:  no user "wx" with "…"): ')


@pytest.fixture
def strangers_data(tmp_path, settings):
    """A directory of root's, while this process is somebody else."""
    let_pass(tmp_path)
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir(mode=0o755)
    os.seteuid(STRANGER)
    yield settings.DATA_DIR
    os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_data_directory_of_another_user_is_told_with_uid_and_cure(strangers_data):
    told = []
    with pytest.raises(StartRefused) as refused:
        prepare_data_dir(strangers_data)
    told.append(str(refused.value))
    with pytest.raises(SystemExit) as ended:
        require_own_data()
    told.append(str(ended.value).removeprefix("wxcode cannot start: "))
    told += [message.msg for message in data_directory_is_its_own(None)]
    sentence = (
        f"{strangers_data} belongs to uid 0, and wxcode runs as uid {STRANGER}, which cannot write it: "
        f"run `chown -R {STRANGER}:0 {strangers_data}` as root, start wxcode as uid 0, "
        "or set WXCODE_DATA_DIR to another directory."
    )
    assert told == [sentence] * 3
    assert data_directory_is_its_own in registry.get_checks()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_keys_that_only_another_user_can_read_are_told(tmp_path, monkeypatch):
    let_pass(tmp_path)
    (tmp_path / "local.env").touch(mode=0o600)
    monkeypatch.setenv("WXCODE_DATA_DIR", str(tmp_path))
    os.seteuid(STRANGER)
    try:
        with pytest.raises(ImproperlyConfigured, match="belongs to uid 0"):
            load_files()
    finally:
        os.seteuid(0)


def test_what_is_not_there_yet_belongs_to_nobody(tmp_path):
    assert find_owner_trouble(tmp_path / "data") == find_owner_trouble(tmp_path) == ""
