"""`make run` for real: what a newcomer sees, and that nothing is left behind however it ends."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
import requests

from tests.drills.launched import Launched
from tests.plugin import BASE_DIR

pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif(os.environ.get("TEST_DATABASE") == "postgres", reason="brings its own database"),
]


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    with Launched(tmp_path_factory.mktemp("living") / "data") as launched:
        yield launched.wait_until_ready()


def api(launched, path, **options):
    headers = {"Authorization": f"Bearer {launched.line('API key')}"}
    return requests.get(f"{launched.base}/api/v1/{path}", headers=headers, timeout=20, **options)


def test_the_printed_curl_answers_with_a_code(living):
    finished = subprocess.run(living.curl, capture_output=True, text=True, timeout=30)
    assert json.loads(finished.stdout)["scene"] == "hello=1"


def test_the_printed_curl_answers_with_a_picture_when_asked(living, tmp_path):
    picture = tmp_path / "code.jpg"
    subprocess.run([*living.curl, "-H", "Accept: image/*", "-o", str(picture)], check=True, timeout=30)
    assert picture.read_bytes().startswith(b"\xff\xd8\xff")


def test_the_printed_login_opens_the_admin(living):
    username, _, password = living.line("Login").split()
    session = requests.Session()
    session.get(f"{living.base}/admin/login/", timeout=20)
    form = {"username": username, "password": password, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    answer = session.post(f"{living.base}/admin/login/?next=/admin/", data=form, timeout=20)
    assert answer.url == f"{living.base}/admin/"
    assert answer.ok


def test_the_documentation_answers(living):
    assert requests.get(living.line("API docs"), timeout=20).ok


def test_web_worker_beat_sandbox_and_redis_are_processes_of_their_own(living):
    commands = " ".join(living.processes().values())
    for part in ("valkey-server", "granian", "celery -A wxcode worker", "celery -A wxcode beat", "apps.sandbox"):
        assert part in commands


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
        assert second.process.wait(30) == 1
        assert "already running on the data directory" in second.text
    assert living.process.poll() is None


def test_manage_py_finds_the_redis_and_the_database_of_the_running_one(living):
    imports = "from django.contrib.auth.models import User; from django.core.cache import cache"
    code = f"{imports}; print(User.objects.get(is_active=True))"
    finished = subprocess.run(
        [".venv/bin/python", "manage.py", "shell", "--no-imports", "-c", code],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], "WXCODE_DATA_DIR": str(living.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.stdout.strip() == "admin", finished.stderr


def test_two_live_side_by_side_and_ctrl_c_stops_only_its_own(living, tmp_path):
    with Launched(tmp_path / "data") as other:
        other.wait_until_ready()
        assert other.line("API key") != living.line("API key")
        assert other.stop(signal.SIGINT) == 0
        assert other.is_all_gone(1)
        assert other.stop_seconds < 12
    assert api(living, "codes/").ok


def test_the_second_run_keeps_login_key_and_codes(tmp_path):
    with Launched(tmp_path / "data") as first:
        first.wait_until_ready()
        subprocess.run(first.curl, check=True, capture_output=True, timeout=30)
        assert first.stop(signal.SIGTERM) == 0
    with Launched(tmp_path / "data") as second:
        second.wait_until_ready()
        assert second.line("Login") == first.line("Login")
        assert len(api(second, "codes/").json()["results"]) == 1


def test_kill_9_leaves_nothing_behind(tmp_path):
    with Launched(tmp_path / "data") as launched:
        launched.wait_until_ready()
        launched.stop(signal.SIGKILL)
        assert launched.is_all_gone(), launched.processes()


def test_kill_9_during_the_start_leaves_nothing_behind(tmp_path):
    with Launched(tmp_path / "data") as launched:
        while not (tmp_path / "data" / "logs" / "setup.log").exists():
            time.sleep(0.01)
        launched.stop(signal.SIGKILL)
        assert launched.is_all_gone(), launched.processes()


def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path):
    with Launched(tmp_path / "data") as launched:
        while not (tmp_path / "data" / "logs" / "setup.log").exists():
            time.sleep(0.01)
        assert launched.stop(signal.SIGINT) == 0
        assert launched.is_all_gone(1), launched.processes()


def test_a_part_that_dies_is_named_and_takes_the_rest_with_it(tmp_path):
    with Launched(tmp_path / "data") as launched:
        launched.wait_until_ready()
        victim = next(pid for pid, command in launched.processes().items() if "celery -A wxcode beat" in command)
        os.kill(victim, signal.SIGKILL)
        assert launched.process.wait(30) == 1
        assert "beat ended by itself (signal SIGKILL)" in launched.text
        assert launched.is_all_gone(1)


def test_what_is_given_is_used_and_not_started(tmp_path, living, redis_url):
    sandbox_url = f"http://127.0.0.1:{living.sandbox_port}"
    with Launched(tmp_path / "data", REDIS_URL=redis_url, SANDBOX_URL=sandbox_url) as launched:
        launched.wait_until_ready()
        commands = " ".join(launched.processes().values())
        assert "valkey" not in commands
        assert "apps.sandbox" not in commands
        answer = subprocess.run(launched.curl, capture_output=True, text=True, timeout=30)
        assert json.loads(answer.stdout)["scene"] == "hello=1"


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_kill_9_of_make_stops_what_it_started(tmp_path):
    with Launched(tmp_path / "data", "make", "run") as launched:
        launched.wait_until_ready()
        launched.stop(signal.SIGKILL)
        assert launched.is_all_gone(15), launched.processes()
