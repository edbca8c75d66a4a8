"""The sandbox as a process: starting, what a restart remembers, registering by itself, ending."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox_process import READY, ROOT, SandboxProcess
from tests.unit.sandbox.weixin import APPID, CREDENTIALS, SECRET, STABLE, TOKEN, Caller
from tests.waiting import wait_until

OTHER_SECRET = "f" * 32


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.json"


def start(*options: str, module: tuple[str, ...] = ("-m", "apps.sandbox")) -> subprocess.Popen[str]:
    command = [sys.executable, *module, *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def failure(*options: str) -> str:
    """What the sandbox says when it cannot start; it must end with status 1."""
    with start(*options) as process:
        try:
            _, words = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 1
    assert words.count("\n") == 1
    return words


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_cleanly(number):
    with start("--port", "0") as process:
        assert process.stdout.readline().startswith(f"{READY}http://127.0.0.1:")
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "", "")


def test_it_ends_cleanly_while_callers_wait():
    with SandboxProcess() as sandbox:
        sandbox.fault("hang")
        host, port = sandbox.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /cgi-bin/token HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sandbox.stop() == 0


def test_a_busy_port_is_one_clear_sentence(sandbox):
    port = sandbox.url.rpartition(":")[2]
    assert f"port {port} on 127.0.0.1 is in use" in failure("--port", port)


def test_an_impossible_address_is_one_clear_sentence():
    assert "cannot listen on 203.0.113.1 port 9100" in failure("--host", "203.0.113.1")
    assert "cannot listen on 127.0.0.1 port 70000" in failure("--port", "70000")


def test_a_restart_forgets_nothing(state):
    with SandboxProcess("--state", str(state)) as sandbox:
        caller = Caller(sandbox.url)
        sandbox.register(APPID, SECRET, released_pages=["pages/index"], trial_pages=["pages/new"])
        sandbox.advance(86_400)
        first, second = caller.token(), caller.token()
        stable = caller.post(STABLE, json=CREDENTIALS | {"force_refresh": True}).json()
        before = sandbox.app(APPID)
        caller.session.close()
    with SandboxProcess("--state", str(state)) as sandbox:
        caller = Caller(sandbox.url)
        after = sandbox.app(APPID)
        assert after | {"tokens": None} == before | {"tokens": None}
        assert after["forced_refreshes_today"] == 1
        tokens = (first, second, stable["access_token"])
        assert all(caller.code(token).headers["Content-Type"] == "image/jpeg" for token in tokens)
        again = caller.post(STABLE, json=CREDENTIALS).json()
        assert again["access_token"] == stable["access_token"]
        assert again["expires_in"] in range(7000, 7201)
        caller.session.close()


def test_a_handed_out_token_is_on_disk_even_after_a_kill(state):
    with SandboxProcess("--state", str(state)) as sandbox:
        caller = Caller(sandbox.url)
        sandbox.register(APPID, SECRET)
        token = caller.token()
        sandbox.process.kill()
        caller.session.close()
    assert token in state.read_text()


def test_the_state_file_is_for_its_owner_only_and_holds_no_secret(state):
    state.write_text('{"clock_offset_seconds": 0, "apps": []}')
    state.chmod(0o644)
    with SandboxProcess("--state", str(state)) as sandbox:
        sandbox.register(APPID, SECRET)
        assert stat.S_IMODE(state.stat().st_mode) == 0o600
        assert APPID in state.read_text()
        assert SECRET not in state.read_text()
    assert [path.name for path in state.parent.iterdir()] == [state.name]


def test_a_strange_state_file_is_refused_and_left_alone(state):
    state.write_text("nonsense")
    assert "is not a state file of the sandbox" in failure("--port", "0", "--state", str(state))
    assert state.read_text() == "nonsense"


def test_a_state_file_that_cannot_be_written_is_refused(tmp_path):
    assert "cannot be read and written" in failure("--port", "0", "--state", str(tmp_path / "nowhere" / "x"))


def test_the_first_secret_of_an_unknown_app_is_taken_and_no_other(state):
    with SandboxProcess("--auto-register", "--state", str(state)) as sandbox:
        caller = Caller(sandbox.url)
        assert caller.get(TOKEN, params=CREDENTIALS | {"secret": ""}).json()["errcode"] == 40013
        assert caller.get(TOKEN, params=CREDENTIALS | {"appid": "wx12"}).json()["errcode"] == 40013
        assert caller.post(STABLE, json=CREDENTIALS).json()["expires_in"] == 7200
        assert caller.get(TOKEN, params=CREDENTIALS | {"secret": OTHER_SECRET}).json()["errcode"] == 40125
        caller.session.close()
    with SandboxProcess("--state", str(state)) as sandbox:
        caller = Caller(sandbox.url)
        assert "access_token" in caller.get(TOKEN, params=CREDENTIALS).json()
        caller.session.close()


def test_it_ends_with_the_process_that_started_it():
    parent = (
        "import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-m', 'apps.sandbox', '--port', '0', '--die-with-parent']);"
        "time.sleep(60)"
    )
    with start(module=("-c", parent)) as process:
        url = process.stdout.readline().removeprefix(READY).strip()
        process.kill()
        process.wait()
        host, port = url.removeprefix("http://").split(":")

        def is_gone():
            try:
                socket.create_connection((host, int(port))).close()
            except ConnectionRefusedError:
                return True
            return False

        wait_until(is_gone, seconds=60)


def test_the_module_needs_no_django():
    script = "import sys, apps.sandbox.__main__; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_manage_py_starts_the_same():
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith(READY)
        process.terminate()
        assert process.wait(60) == 0
