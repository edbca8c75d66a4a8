"""Connections that died in the pool cost no request, and a server that is away is looked for every second."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection
from psycopg_pool import ConnectionPool
from psycopg_pool.pool import AddConnection, ShrinkPool

from wxcode.postgresql.base import RECONNECT_SECONDS

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose"),
]
# waits until each has really ended
DROP = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
IDLE = 6


@pytest.fixture
def asked(monkeypatch):
    """The connections that were asked whether they live."""
    asked = []
    check = ConnectionPool.check_connection

    def note_and_check(connection):
        asked.append(connection)
        check(connection)

    monkeypatch.setattr(ConnectionPool, "check_connection", note_and_check)
    return asked


def test_a_pooled_connection_that_died_is_replaced_before_a_request_gets_it(client):
    assert client.get("/readyz").json()["database"] == "ok"
    drop_connections()
    assert client.get("/readyz").json()["database"] == "ok"


def test_idle_connections_that_died_together_are_found_dead_by_asking_one(asked):
    barrier = threading.Barrier(IDLE)

    def use() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            barrier.wait()
        connection.close()

    with ThreadPoolExecutor(IDLE) as threads:
        for future in [threads.submit(use) for _ in range(IDLE)]:
            future.result()
    drop_connections()
    asked.clear()
    use_once()
    # psycopg's own pool asks each, one a second
    assert len(asked) == 1


def test_a_connection_that_has_just_answered_is_asked_nothing(asked, monkeypatch):
    use_once()
    asked.clear()
    for _ in range(3):
        use_once()
    assert asked == []
    monkeypatch.setattr("wxcode.postgresql.base.TRUSTED_SECONDS", 0.0)
    use_once()
    assert len(asked) == 1


def test_one_that_died_after_it_has_just_answered_is_found_dead():
    use_once()
    drop_connections()
    use_once()


def test_a_server_that_is_away_is_looked_for_every_second_however_long_it_is_away(monkeypatch):
    pauses = []
    monkeypatch.setattr(ConnectionPool, "schedule_task", lambda _pool, _task, delay: pauses.append(delay))
    pool = connection._new_pool({"min_size": 1, "max_size": 4, "timeout": 3})
    # what psycopg's doubling asks for
    for delay in (0.5, 1.0, 2.0, 4.0, 8.0):
        pool.schedule_task(AddConnection(pool), delay)
    assert pauses == [0.5, RECONNECT_SECONDS, RECONNECT_SECONDS, RECONNECT_SECONDS, RECONNECT_SECONDS]
    pool.schedule_task(ShrinkPool(pool), 60.0)
    assert pauses[-1] == 60.0


def use_once():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def drop_connections():
    name = connection.settings_dict["NAME"]
    facts = connection.get_connection_params()
    # back into the pool, where it dies
    connection.close()
    address = {word: facts[word] for word in ("host", "port", "user", "password")}
    with psycopg.connect(**address, dbname="postgres", autocommit=True) as other:
        assert other.execute(DROP, [name]).fetchall() != []
