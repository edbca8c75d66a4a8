"""Sixteen wechatpy processes with fifty threads each, from cold, against the web server of `make run`."""

import json
import time

import pytest
import requests

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from tests.parts import make_miniprogram
from wxcode.stack import commands
from wxcode.stack.redis_server import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]
PROCESSES, THREADS = 16, 50
PATIENCE_SECONDS = 120


@pytest.fixture
def address(sandbox, spawn):
    port = free_port()
    process = spawn(*commands.web(host="127.0.0.1", port=port, threads=32)[:-1], "wxcode.wsgi:application")
    deadline = time.monotonic() + 60
    with requests.Session() as session:
        session.trust_env = False
        while True:
            assert process.poll() is None and time.monotonic() < deadline, "granian did not start"
            try:
                assert session.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
                break
            except requests.ConnectionError:
                time.sleep(0.1)
    return f"http://127.0.0.1:{port}"


def wait_for(place, name, processes):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(list(place.glob(f"{name}-*"))) < PROCESSES:
        assert time.monotonic() < deadline, f"{len(list(place.glob(f'{name}-*')))} of {PROCESSES} {name}"
        assert not any(process.poll() for process in processes), "a wechatpy process failed"
        time.sleep(0.05)


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_sixteen_wechatpy_processes_of_fifty_threads_cost_one_fetch(address, spawn, sandbox, tmp_path, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    _client, key = create_client(name="wechatpy", scopes=["tokens:read"])
    sandbox.latency(0.1)
    processes = [
        spawn(
            "-m",
            "tests.drills.wechatpy_caller",
            *(address, miniprogram.appid, key, str(THREADS), str(tmp_path), str(number)),
        )
        for number in range(PROCESSES)
    ]
    wait_for(tmp_path, "ready", processes)
    (tmp_path / "go").touch()
    started = time.monotonic()
    wait_for(tmp_path, "report", processes)
    seconds = time.monotonic() - started
    reports = [json.loads(path.read_text()) for path in tmp_path.glob("report-*")]
    assert sum(report["calls"] for report in reports) == PROCESSES * THREADS
    assert len({token for report in reports for token in report["tokens"]}) == 1
    fetches = {path: sandbox.count(path) for path in ("/cgi-bin/token", "/cgi-bin/stable_token")}
    assert sum(fetches.values()) == 1, fetches
    assert sandbox.count("/wxa/getwxacodeunlimit") == 1
    assert sandbox.count("/cgi-bin/get_api_domain_ip") <= 1 + seconds / 10
    assert IssuedCode.objects.get().door == "wechat"
