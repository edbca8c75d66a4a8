"""The layer in front as granian serves it: what another process stores or deletes counts there at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from apps.miniprograms.models import MiniProgram
from tests.integration.tokens.front_parts import PATH, make_key, make_miniprogram, store_token
from tests.waiting import answers, wait_until
from wxcode.stack import commands
from wxcode.stack.redis_server import free_port


@pytest.fixture
def read(spawn, redis_client):
    """`read()` asks a granian process as `make run` starts it, over one kept connection."""
    make_miniprogram()
    key, port = make_key(), free_port()
    process = spawn(*commands.web(host="127.0.0.1", port=port, threads=8)[:-1], "wxcode.wsgi:application")
    wait_until(lambda: process.poll() is not None or answers(port), seconds=60)
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-API-Key"] = key
        yield lambda: session.get(f"http://127.0.0.1:{port}{PATH}", timeout=60)


def test_the_front_serves_what_another_process_stores_and_mixes_nothing(read):
    for number in range(10):
        store_token(f"token {number}")
        assert read().json()["access_token"] == f"token {number}"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _number: read(), range(200)))
    assert {answer.json()["access_token"] for answer in found} == {"token 9"}
    assert {answer.headers["Cache-Control"] for answer in found} == {"no-store"}
    MiniProgram.objects.all().delete()
    assert read().json()["code"] == "miniprogram_unknown"
