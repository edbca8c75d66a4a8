"""`/readyz`: a line per part, 503 for parts that everybody needs, and not for one mini-program's trouble."""

import time

import pytest

from apps.monitoring import workers
from apps.tokens import heartbeat
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive():
    heartbeat.note_run(now=time.time())
    workers.note_worker("celery@one", now=time.time())


def ask(client):
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_with_everything_well_it_is_200(client, alive):
    status, parts = ask(client)
    assert (status, parts["ready"]) == (200, True)
    assert set(parts) == {"ready", "database", "redis", "storage", "beat", "worker", "tokens", "wechat"}
    assert all(line.startswith("ok") for name, line in parts.items() if name != "ready")


def test_a_worker_that_went_silent_is_told(client, alive):
    now = time.time()
    workers.note_worker("celery@one", now=now - workers.WORKER_LATE_SECONDS - 1)
    status, parts = ask(client)
    assert status == 503
    assert parts["worker"].startswith("failed: no worker")


def test_one_of_two_workers_is_enough(client, alive):
    workers.note_worker("celery@two", now=time.time() - 300)
    assert ask(client)[1]["worker"].startswith("ok, 1 alive")


def test_a_storage_that_fails_is_named_without_its_text(client, alive, monkeypatch):
    from django.core.files.storage import default_storage

    def fail(name):
        raise ConnectionError("s3 key AKIA-secret")

    monkeypatch.setattr(default_storage, "exists", fail)
    status, parts = ask(client)
    assert status == 503
    assert parts["storage"] == "failed: ConnectionError"


def test_a_full_disk_is_told_before_pictures_are_lost(client, alive, monkeypatch):
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10**12, 10**12, 5 << 20))
    status, parts = ask(client)
    assert status == 503
    assert parts["storage"] == "failed: 5 MB are left on the disk of the pictures"


def test_one_mini_program_in_trouble_does_not_take_the_server_away(client, alive, sandbox):
    from apps.tokens.services import get_access_token
    from apps.wechat.errors import CredentialProblem

    make_miniprogram(sandbox)
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("wrong_secret")
    with pytest.raises(CredentialProblem):
        get_access_token(miniprogram, requested_by="client:x")
    status, parts = ask(client)
    assert status == 200
    assert parts["tokens"].startswith("1 of 2 in trouble")


def test_a_real_worker_is_heard(client, celery_worker, transactional_db):
    heartbeat.note_run(now=time.time())
    deadline = time.monotonic() + 20
    while not ask(client)[1]["worker"].startswith("ok, 1 alive"):
        assert time.monotonic() < deadline, ask(client)
        time.sleep(0.2)
