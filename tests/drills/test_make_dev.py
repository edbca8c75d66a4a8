"""`make dev` for real, on a copy of the project: changes are served, mistakes are shown, nothing is left behind."""

import shutil
import signal

import pytest
import requests

from tests.drills.launched import STACK, Launched
from tests.plugin import BASE_DIR
from tests.waiting import wait_until

PARTS = ("granian", "celery -A wxcode worker", "celery -A wxcode beat", "apps.sandbox")
PATIENCE = 180


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    directory = tmp_path_factory.mktemp("copy")
    for name in ("apps", "wxcode", "templates"):
        shutil.copytree(BASE_DIR / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


@pytest.fixture(scope="module")
def living(copy, tmp_path_factory):
    """In the end kill -9 leaves nothing behind."""
    with launch(copy, tmp_path_factory.mktemp("living") / "data") as launched:
        yield launched.wait_until_ready()
        launched.stop(signal.SIGKILL)
        launched.wait_until_all_are_gone()


def launch(copy, data_dir):
    return Launched(data_dir, *STACK, "--reload", directory=copy, DEBUG="true")


def healthz(launched):
    """What it says; nothing while the web server is starting again."""
    try:
        return requests.get(f"{launched.base}/healthz", timeout=5).text.strip()
    except OSError:
        return ""


def pids(launched):
    """Of the processes that do the work, by part."""
    found = launched.processes().items()
    return {part: {pid for pid, command in found if part in command and "reloading" not in command} for part in PARTS}


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_changed_template_is_in_the_next_answer(living, copy):
    replace(copy / "templates/base.html", "<title>", "<title>Changed: ")
    assert "<title>Changed: Log in" in requests.get(f"{living.base}/login/", timeout=20).text


def test_debug_is_on(living):
    assert "DEBUG = True" in requests.get(f"{living.base}/nothing-is-here", timeout=20).text


def test_code_that_cannot_be_loaded_is_shown_and_every_process_starts_with_the_next_change(living, copy):
    wait_until(lambda: all(pids(living).values()), PATIENCE)
    before = pids(living)
    replace(copy / "wxcode/health.py", "def healthz(", "def def healthz(")
    wait_until(lambda: "web     | SyntaxError: invalid syntax" in living.text, PATIENCE)
    assert living.process.poll() is None
    text = (copy / "wxcode/health.py").read_text()
    mended = text.replace("def def healthz(", "def healthz(").replace('HttpResponse("ok', 'HttpResponse("changed')
    (copy / "wxcode/health.py").write_text(mended)
    wait_until(lambda: healthz(living) == "changed", PATIENCE)
    for part in PARTS:
        wait_until(lambda part=part: pids(living)[part] and not pids(living)[part] & before[part], PATIENCE)


def test_ctrl_c_leaves_nothing_behind(copy, tmp_path):
    with launch(copy, tmp_path / "data") as launched:
        assert launched.wait_until_it_prepares().stop(signal.SIGINT) == 0
        launched.wait_until_all_are_gone()
