"""The layer in front as granian serves it: what other processes change counts there within seconds."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from apps.clients.models import ApiClient
from apps.miniprograms.models import MiniProgram
from tests.integration.tokens.front_parts import PATH, make_key, make_miniprogram, store_token
from wxcode.stack import commands
from wxcode.stack.redis_server import free_port

# The memories last 3 s; the rest is for a slow machine.
SECONDS = 5.0


@pytest.fixture
def read(spawn, redis_client):
    """`read()` asks a granian process as `make run` starts it, over one kept connection."""
    make_miniprogram()
    store_token("the first token")
    key, port = make_key(), free_port()
    process = spawn(*commands.web(host="127.0.0.1", port=port, threads=8)[:-1], "wxcode.wsgi:application")
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-API-Key"] = key

        def read():
            return session.get(f"http://127.0.0.1:{port}{PATH}", timeout=10)

        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None and time.monotonic() < deadline, "granian did not start"
            try:
                assert read().status_code == 200
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield read


def seconds_until(condition):
    """How long it takes, asking all the time, until `condition()` holds."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() < started + SECONDS
    return time.monotonic() - started


def test_a_key_that_another_process_revokes_is_refused_within_seconds(read):
    ApiClient.objects.update(is_active=False)
    seconds_until(lambda: read().status_code == 401)
    assert read().json()["code"] == "invalid_key"


def test_a_mode_that_another_process_changes_counts_within_seconds(read):
    MiniProgram.objects.update(token_mode="classic")
    seconds_until(lambda: read().json()["token_mode"] == "classic")


def test_a_token_that_another_process_stores_is_served_at_once(read):
    for number in range(20):
        store_token(f"token {number}")
        assert read().json()["access_token"] == f"token {number}"


def test_a_mini_program_that_another_process_deletes_is_unknown_at_once(read):
    read()
    MiniProgram.objects.all().delete()
    assert read().json()["code"] == "miniprogram_unknown"


def test_threads_share_the_front_without_mixing_anything(read):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _number: read(), range(400)))
    assert {answer.json()["access_token"] for answer in answers} == {"the first token"}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
