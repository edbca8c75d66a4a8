"""`/readyz`: a line per part, 503 for parts that everybody needs, and not for one mini-program's trouble."""

import errno
import logging
import sqlite3
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from apps.monitoring import database, storage, workers
from apps.tokens import heartbeat
from tests.parts import make_miniprogram
from tests.waiting import wait_until
from wxcode import readiness

pytestmark = pytest.mark.django_db


@pytest.fixture
def alive():
    heartbeat.note_run(now=time.time())
    workers.note_worker("celery@one", now=time.time())


STRANGER = "198.51.100.7"
PARTS = ["database", "redis", "storage", "beat", "worker"]


def ask(client, **environ):
    answer = client.get("/readyz", **environ)
    return answer.status_code, answer.json()


def ask_as_stranger(client):
    return ask(client, REMOTE_ADDR=STRANGER)


@pytest.fixture
def looks(monkeypatch):
    """The looks at the storage; it is well while `looks` is not told otherwise."""

    class Looks(list):
        trouble = ""

        def note(self):
            self.append(self.trouble)
            return self.trouble

    found = Looks()
    monkeypatch.setattr(storage, "find_storage_trouble", found.note)
    return found


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


@contextmanager
def read_only():
    """The database answers, and refuses whatever would change it."""
    name = "PRAGMA query_only =" if connection.vendor == "sqlite" else "SET default_transaction_read_only ="
    with connection.cursor() as cursor:
        cursor.execute(f"{name} on")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"{name} off")


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_is_named(client, alive, clock):
    ask(client)
    with read_only():
        assert ask(client)[0] == 200
        clock.advance(5)
        status, parts = ask(client)
        assert (status, parts["database"].partition(" (")[0]) == (503, "failed: it cannot be written")
    clock.advance(5)
    heartbeat.note_run(now=time.time())
    workers.note_worker("celery@one", now=time.time())
    assert ask(client)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_that_somebody_else_writes_takes_writes(client, alive):
    if connection.vendor != "sqlite":
        pytest.skip("a lock on the whole database")
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ask(client)[1]["database"] == "ok"
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


def test_the_row_is_written_once_in_five_seconds(client, alive, clock, monkeypatch):
    clock.stop()
    written = []
    monkeypatch.setattr(database, "_write_a_row", lambda: written.append(1))
    for _ in range(5):
        ask(client), ask_as_stranger(client)
    assert len(written) == 1
    clock.advance(5)
    ask(client)
    assert len(written) == 2


def test_pictures_that_cannot_be_written_are_told_with_the_reason_and_nothing_is_left(client, alive, monkeypatch):
    before = sorted(Path(default_storage.path("")).rglob("*"))
    ask(client)
    assert sorted(Path(default_storage.path("")).rglob("*")) == before

    def refuse(**options):
        raise OSError(errno.EROFS, "somewhere")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    storage.forget_storage()
    status, parts = ask(client)
    reason = "the directory of the pictures cannot be written (Read-only file system)"
    assert (status, parts["storage"]) == (503, f"failed: {reason}")


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
    wait_until(lambda: ask(client)[1]["worker"].startswith("ok, 1 alive"), seconds=60)


def test_a_stranger_hears_which_part_is_not_ready_and_nothing_more(client, alive, looks):
    looks.trouble = "ConnectionError"
    status, parts = ask_as_stranger(client)
    assert status == 503
    assert parts == {"ready": False} | dict.fromkeys(PARTS, "ok") | {"storage": "not ready"}


def test_an_operator_hears_all_of_it_by_network_or_token(client, alive, settings):
    settings.METRICS_NETWORKS = ["198.51.100.0/24"]
    assert "tokens" in ask_as_stranger(client)[1]
    settings.METRICS_NETWORKS, settings.METRICS_TOKEN = [], "a-token-for-prometheus"
    assert "tokens" not in ask_as_stranger(client)[1]
    token = {"HTTP_AUTHORIZATION": "Bearer a-token-for-prometheus"}
    assert "tokens" in ask(client, REMOTE_ADDR=STRANGER, **token)[1]


@pytest.mark.parametrize("headers", [{"HTTP_X_FORWARDED_FOR": STRANGER}, {"HTTP_FORWARDED": f"for={STRANGER}"}])
@pytest.mark.parametrize("trusted", [[], ["127.0.0.0/8"]])
def test_what_a_proxy_on_this_machine_brings_is_a_strangers(client, alive, settings, headers, trusted):
    settings.TRUSTED_PROXIES = trusted
    assert "tokens" not in ask(client, **headers)[1]


def test_nobody_comes_from_this_machine_by_saying_so(client, alive, settings):
    lie = {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    assert "tokens" not in ask(client, **lie)[1]
    assert "tokens" not in ask(client, REMOTE_ADDR=STRANGER, **lie)[1]
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert "tokens" in ask(client, **lie)[1]
    assert "tokens" not in ask(client, HTTP_X_FORWARDED_FOR=f"127.0.0.1, {STRANGER}")[1]


def test_a_crowd_of_strangers_costs_one_look_in_five_seconds(client, alive, looks, clock, monkeypatch):
    clock.stop()
    found = []
    monkeypatch.setattr("wxcode.health._database", lambda: found.append(1) or "ok")
    for _ in range(20):
        assert ask_as_stranger(client)[0] == 200
    assert (len(found), len(looks)) == (1, 1)
    # an operator hears of the parts as they are now, but an object storage bills each question
    ask(client)
    assert (len(found), len(looks)) == (2, 1)
    clock.advance(5)
    ask_as_stranger(client)
    assert (len(found), len(looks)) == (3, 2)


def test_the_storage_is_asked_once_for_all_who_ask_together(clock, monkeypatch):
    clock.stop()
    looks, may_end = [], threading.Event()
    monkeypatch.setattr(storage, "find_storage_trouble", lambda: looks.append(1) or str(not may_end.wait(60)))
    monkeypatch.setattr(storage, "LONGEST_SECONDS", 60.0)
    with ThreadPoolExecutor(8) as threads:
        states = [threads.submit(storage.recall_storage) for _ in range(8)]
        may_end.set()
        assert {state.result().trouble for state in states} == {"False"}
    assert len(looks) == 1
    clock.advance(5)
    storage.recall_storage()
    assert len(looks) == 2


def test_nobody_waits_for_another_strangers_look(clock):
    is_looking, may_end = threading.Event(), threading.Event()
    answers = iter([{"a": "ok"}, {"a": "failed"}])

    def find():
        found = next(answers)
        if found["a"] != "ok":
            is_looking.set()
            may_end.wait(60)
        return found

    known = readiness.Readiness(find)
    known.recall()
    clock.advance(readiness.REMEMBERED_SECONDS)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(known.recall)
        assert is_looking.wait(60)
        assert known.recall().failing == []
        may_end.set()
        assert slow.result().failing == ["a"]


def test_the_log_tells_the_changes_and_not_each_question(client, alive, looks, clock, caplog):
    clock.stop()
    caplog.set_level(logging.INFO)
    for looks.trouble in ("", "", "ConnectionError", "ConnectionError", "ConnectionError", "", ""):
        ask(client)
        clock.advance(5)
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert told == [
        ("ERROR", "not ready: storage: failed: ConnectionError"),
        ("INFO", "ready again after 15 s"),
    ]


def test_what_is_still_starting_is_no_error(client, caplog):
    ask(client)
    ask(client)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "beat: failed: no refresh run yet" in caplog.text
