"""Many wechatpy processes of many threads each, from cold, against a web server."""

import json
import time

import pytest

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from apps.miniprograms.models import TokenMode
from tests.drills.sizes import SIZES
from tests.drills.test_stampede import fetches
from tests.drills.web_server import start_web
from tests.parts import make_miniprogram
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = SIZES.sdk
PATIENCE_SECONDS = 300
# how often callers that doubt a token may have it tried, and how many of them doubt at once
DOUBT_SECONDS = 10


@pytest.fixture
def address(fork):
    return start_web(fork, threads=32)


def wait_for(place, name, processes):
    def have_all():
        found = list(place.glob(f"{name}-*"))
        failed = [process for process in processes if not process.is_alive]
        assert len(failed) <= len(list(place.glob("report-*"))), "a wechatpy process failed"
        return len(found) == CROWD.processes

    wait_until(have_all, PATIENCE_SECONDS)


def test_sdk_processes_that_all_want_a_token_and_a_code_cost_one_fetch_of_each(address, fork, sandbox, tmp_path):
    miniprograms = [make_miniprogram(sandbox, token_mode=mode) for mode in TokenMode.values]
    _client, key = create_client(name="wechatpy", scopes=["tokens:read"])
    sandbox.latency(SIZES.latency)
    words = [address, key, str(CROWD.threads), str(tmp_path), *(each.appid for each in miniprograms)]
    processes = fork("tests.drills.wechatpy_caller", *words, count=CROWD.processes)
    wait_for(tmp_path, "ready", processes)
    (tmp_path / "go").touch()
    started = time.monotonic()
    wait_for(tmp_path, "report", processes)
    most_doubts = 1 + (time.monotonic() - started) / DOUBT_SECONDS
    got = [found for path in tmp_path.glob("report-*") for found in json.loads(path.read_text())]
    assert len(got) == CROWD.callers * len(miniprograms)
    assert all(found["size"] for found in got)
    assert fetches(sandbox, miniprograms) == [1] * len(miniprograms)
    for miniprogram in miniprograms:
        appid = miniprogram.appid
        assert len({found["token"] for found in got if found["appid"] == appid}) == 1
        assert sandbox.count("/wxa/getwxacodeunlimit", appid=appid) == 1
        assert sandbox.count("/cgi-bin/get_api_domain_ip", appid=appid) <= most_doubts
        assert IssuedCode.objects.get(miniprogram=miniprogram).door == "wechat"
