"""What of its children's words the supervisor shows: trouble with its traceback, and nothing twice."""

import os
import subprocess
import sys
import time

import pytest

from tests.waiting import lives, wait_until
from wxcode.stack.children import LOG_SIZE_LIMIT, Child, open_log, start_python

CALM = "2026-11-21 09:00:00,123 INFO django: all is well\n"
TROUBLE = "2026-11-21 09:00:01,123 ERROR django.request: Internal Server Error\n"
TRACEBACK = "Traceback (most recent call last):\nKeyError: 'x'\n"


@pytest.fixture
def child(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("2026-11-20 09:00:00,123 ERROR django: of an earlier run\n")
    return Child("web", process=None, log=log, position=log.stat().st_size)


def write(child, text):
    with child.log.open("a") as log:
        log.write(text)


def test_calm_lines_stay_in_the_log(child):
    write(child, CALM + "[INFO] Started worker-1\n")
    assert child.new_trouble() == []


def test_an_error_comes_with_its_traceback_and_ends_at_the_next_line(child):
    write(child, TROUBLE + TRACEBACK + CALM)
    assert child.new_trouble() == (TROUBLE + TRACEBACK).splitlines()


def test_a_traceback_with_no_line_of_a_log_before_it_is_shown(child):
    write(child, "[INFO] Spawning worker-1\n" + TRACEBACK + "[INFO] Shutting down granian\n")
    assert child.new_trouble() == TRACEBACK.splitlines()


def test_what_was_shown_is_not_shown_again(child):
    write(child, TROUBLE)
    assert child.new_trouble()
    assert child.new_trouble() == []


def test_a_half_written_line_waits_for_its_end(child):
    write(child, TROUBLE[:30])
    assert child.new_trouble() == []
    write(child, TROUBLE[30:])
    assert child.new_trouble() == [TROUBLE.strip()]


def test_the_web_server_speaks_another_form(child):
    lines = [f"[{word}] Worker-1 died" for word in ("WARNING", "ERROR", "CRITICAL")]
    write(child, "".join(f"{line}\n" for line in lines))
    assert child.new_trouble() == lines


def test_advice_about_threads_is_not_trouble(child):
    write(child, "[WARNING] Configuration allows spawning up to 32 Python threads\n")
    assert child.new_trouble() == []


def test_the_last_lines_are_those_of_this_run(child):
    write(child, CALM)
    assert child.last_lines() == [CALM.strip()]


def test_a_large_log_makes_room_and_is_kept_once(tmp_path):
    (tmp_path / "web.log").write_bytes(b"x" * (LOG_SIZE_LIMIT + 1))
    open_log(tmp_path, "web").close()
    assert (tmp_path / "web.log").stat().st_size == 0
    assert (tmp_path / "web.log.1").stat().st_size == LOG_SIZE_LIMIT + 1


def test_a_child_that_does_not_want_to_stop_is_killed(tmp_path):
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    deaf = start_python("deaf", ["-c", code], environment={}, logs=tmp_path)
    wait_until(lambda: "deaf" in deaf.log.read_text(), 60)
    deaf.ask_to_stop()
    deaf.wait_or_kill(time.monotonic() + 0.2)
    assert deaf.process.returncode == -9


def test_a_child_dies_with_the_process_that_started_it(tmp_path):
    parent = f"""
import os, signal, pathlib
from wxcode.stack.children import start_python
sleep = ["-c", "import time; time.sleep(60)"]
child = start_python("sleeper", sleep, environment=os.environ, logs=pathlib.Path({str(tmp_path)!r}))
print(child.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    pid = int(subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, timeout=120).stdout)
    wait_until(lambda: not lives(pid), 60)


def test_a_log_that_somebody_emptied_is_read_from_its_start(child):
    write(child, CALM * 3)
    assert child.new_trouble() == []
    os.truncate(child.log, 0)
    write(child, TROUBLE)
    assert child.new_trouble() == [TROUBLE.strip()]


def test_a_log_that_somebody_removed_stops_nobody(child):
    child.log.unlink()
    assert child.new_trouble() == child.last_lines() == []


def test_a_setting_that_stops_a_start_is_shown(child):
    write(child, "wxcode cannot start: PORT is malformed.\n")
    assert child.new_trouble() == ["wxcode cannot start: PORT is malformed."]
