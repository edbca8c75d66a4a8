"""`make run` for real: what a newcomer sees, and that nothing is left behind however it ends."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest
import requests

from tests.drills.launched import PATIENCE_SECONDS, Launched
from tests.drills.own_redis import OwnRedis
from tests.plugin import BASE_DIR
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A Redis and a WeChat that somebody else has started."""
    with OwnRedis(tmp_path_factory.mktemp("given")) as redis, SandboxProcess("--auto-register") as sandbox:
        yield {"REDIS_URL": redis.url, "SANDBOX_URL": sandbox.url}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The first run, which has issued a code; it was ended with kill -9, and nothing of it is left."""
    with Launched(tmp_path_factory.mktemp("first") / "data") as launched:
        launched.answers_before_ready = set()
        launched.wait_until_ready(meanwhile=lambda: launched.answers_before_ready.add(status(launched)))
        launched.answer = json.loads(curl(launched))
        launched.commands = " ".join(launched.processes().values())
        launched.stop(signal.SIGKILL)
        launched.wait_until_all_are_gone()
        yield launched


@pytest.fixture(scope="module")
def living(first, given):
    """The second run on the same data, with what it is given; in the end Ctrl-C is no failure and leaves nothing."""
    with Launched(first.data_dir, **given) as launched:
        yield launched.wait_until_ready()
        assert launched.stop(signal.SIGINT) == 0
        launched.wait_until_all_are_gone()


@pytest.fixture
def others_data(first, tmp_path):
    """A data directory with an up-to-date database that nobody uses."""
    shutil.copytree(first.data_dir, tmp_path / "data", ignore=shutil.ignore_patterns("logs", "run.lock"))
    return tmp_path / "data"


def curl(launched, *options):
    command = [*launched.curl, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def status(launched):
    """What a stranger is answered who asks for something that is in the database; None while nobody listens."""
    try:
        headers = {"Authorization": f"Bearer wxc_{'x' * 52}"}
        return requests.get(f"{launched.base}/api/v1/codes/", headers=headers, timeout=20).status_code
    except OSError:
        return None


def api(launched, path, **options):
    headers = {"Authorization": f"Bearer {launched.line('API key')}"}
    return requests.get(f"{launched.base}/api/v1/{path}", headers=headers, timeout=60, **options)


def test_the_printed_curl_answers_with_a_code(first):
    assert first.answer["scene"] == "hello=1"


def test_nothing_is_served_before_the_database_is_made(first):
    assert first.answers_before_ready <= {None, 401}


def test_the_second_run_keeps_login_key_and_codes(first, living):
    assert [living.line(name) for name in ("Login", "API key")] == [first.line(name) for name in ("Login", "API key")]
    assert [code["id"] for code in api(living, "codes/").json()["results"]] == [first.answer["id"]]


def test_the_printed_curl_answers_with_a_picture_when_asked(living, tmp_path):
    picture = tmp_path / "code.jpg"
    curl(living, "-H", "Accept: image/*", "-o", str(picture))
    assert picture.read_bytes().startswith(b"\xff\xd8\xff")


def test_the_printed_login_opens_the_admin(living):
    username, _, password = living.line("Login").split()
    with requests.Session() as session:
        session.get(f"{living.base}/admin/login/", timeout=60)
        form = {"username": username, "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        answer = session.post(f"{living.base}/admin/login/?next=/admin/", data=form, timeout=60)
    assert answer.url == f"{living.base}/admin/"
    assert answer.ok


def test_the_documentation_answers(living):
    assert requests.get(living.line("API docs"), timeout=60).ok


def test_web_worker_beat_sandbox_and_redis_are_processes_of_their_own(first):
    parts = ("valkey-server", "granian", "celery -A wxcode worker", "celery -A wxcode beat", "apps.sandbox")
    assert [part for part in parts if part not in first.commands] == []


def test_what_is_given_is_used_and_not_started(living):
    commands = " ".join(living.processes().values())
    assert [part for part in ("valkey-server", "apps.sandbox") if part in commands] == []
    assert json.loads(curl(living))["scene"] == "hello=1"


def test_no_secret_is_in_the_process_list(living):
    secrets = [line.partition("=")[2] for line in (living.data_dir / "local.env").read_text().splitlines()[1:]]
    hidden = [value for value in secrets if len(value) > 30] + [living.line("API key")]
    commands = " ".join(living.processes().values())
    assert [value for value in hidden if value in commands] == []


def test_everything_on_disk_but_the_pictures_is_for_its_owner_alone(living):
    pictures = living.data_dir / "media"
    files = [path for path in living.data_dir.rglob("*") if path.is_file() and not path.is_relative_to(pictures)]
    assert [str(path) for path in files if path.stat().st_mode & 0o077] == []
    assert living.data_dir.stat().st_mode & 0o077 == 0


def test_a_second_run_on_the_same_data_is_refused(living):
    with Launched(living.data_dir) as second:
        assert second.process.wait(PATIENCE_SECONDS) == 1
        assert "already running on the data directory" in second.text
    assert living.process.poll() is None


def test_manage_py_finds_the_redis_and_the_database_of_the_data_directory(living):
    imports = "from django.conf import settings; from django.contrib.auth.models import User"
    code = f"{imports}; print(User.objects.get(is_active=True), settings.REDIS_URL)"
    finished = subprocess.run(
        [".venv/bin/python", "manage.py", "shell", "--no-imports", "-c", code],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "WXCODE_DATA_DIR": str(living.data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    (redis_url,) = re.findall(r"^REDIS_URL=(.+)$", (living.data_dir / "local.env").read_text(), re.MULTILINE)
    assert finished.stdout.split() == ["admin", redis_url], finished.stderr


PARTS = {
    "redis": "valkey-server",
    "sandbox": "apps.sandbox",
    "web": "granian",
    "worker": "celery -A wxcode worker",
    "beat": "celery -A wxcode beat",
}


def pids(launched):
    """The processes of each part."""
    found = launched.processes().items()
    return {name: {pid for pid, words in found if mark in words} for name, mark in PARTS.items()}


def test_parts_that_die_are_named_and_started_again_and_nobody_else_s_suffer(others_data, living):
    with Launched(others_data) as other:
        other.wait_until_ready()
        before = pids(other)
        for killed in before.values():
            # of the web server's two the older one begot the other
            os.kill(min(killed), signal.SIGKILL)
        for name in PARTS:
            other.wait_for(lambda name=name: f"{name:<8}| is started again." in other.text)
            assert f"{name:<8}| ended by itself (signal SIGKILL). It is started again in 1 s." in other.text
        other.wait_for(lambda: status(other) == 401)
        assert json.loads(curl(other))["scene"] == "hello=1"
        assert [name for name, now in pids(other).items() if not now or now & before[name]] == []
        assert other.stop(signal.SIGINT) == 0
        other.wait_until_all_are_gone()
    assert api(living, "codes/").ok


def test_sigterm_during_the_start_leaves_nothing_behind(tmp_path):
    with Launched(tmp_path / "data") as launched:
        assert launched.wait_until_it_prepares().stop(signal.SIGTERM) == 0
        launched.wait_until_all_are_gone()


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_kill_9_of_make_stops_what_it_started(tmp_path):
    with Launched(tmp_path / "data", "make", "run") as launched:
        launched.wait_until_it_prepares().stop(signal.SIGKILL)
        launched.wait_until_all_are_gone()
