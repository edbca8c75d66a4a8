"""PostgreSQL restarted under a running wxcode: dead connections in the pool cost no request, and hardly any time."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests
from django.db import connection
from psycopg_pool import ConnectionPool

from tests.postgres import PostgresServer
from tests.waiting import answers, wait_until
from wxcode.stack.redis_server import free_port

pytestmark = pytest.mark.django_db(transaction=True)
# waits until each has really ended
DROP = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to lose")
THREADS = 8
START_SECONDS = 30


@on_postgres
def test_a_pooled_connection_that_died_is_replaced_before_a_request_gets_it(client):
    assert client.get("/readyz").json()["database"] == "ok"
    drop_connections()
    assert client.get("/readyz").json()["database"] == "ok"


@on_postgres
def test_six_idle_connections_that_died_cost_one_request_no_second():
    barrier = threading.Barrier(6)

    def use() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            barrier.wait()
        connection.close()

    with ThreadPoolExecutor(6) as threads:
        for future in [threads.submit(use) for _ in range(6)]:
            future.result()
    drop_connections()
    started = time.monotonic()
    use_once()
    assert time.monotonic() - started < 1.0


@on_postgres
def test_a_connection_that_has_just_answered_is_asked_nothing(monkeypatch):
    asked = []
    monkeypatch.setattr(ConnectionPool, "check_connection", asked.append)
    use_once()
    asked.clear()
    for _ in range(3):
        use_once()
    assert asked == []
    monkeypatch.setattr("wxcode.postgresql.base.TRUSTED_SECONDS", 0.0)
    use_once()
    assert len(asked) == 1


@on_postgres
def test_one_that_died_after_it_has_just_answered_is_found_dead():
    use_once()
    drop_connections()
    use_once()


@on_postgres
def test_the_first_request_after_a_restart_is_answered_within_a_second(spawn):
    """A server of its own, a real web process, eight connections in its pool; stopped, started, asked once."""
    with PostgresServer() as server:
        base = serve(spawn, server)
        stop(server)
        server.start()
        started = time.monotonic()
        assert database_line(base) == "ok"
        assert time.monotonic() - started < 1.0


@on_postgres
def test_after_an_outage_of_eight_seconds_the_database_is_found_within_two(spawn):
    """Long enough for distances of 1, 2, 4 and 8 s, which would find it after fifteen."""
    with PostgresServer() as server:
        base = serve(spawn, server)
        stop(server)
        stopped = time.monotonic()
        assert database_line(base) != "ok"
        time.sleep(max(stopped + 8 - time.monotonic(), 0))
        server.start()
        started = time.monotonic()
        while database_line(base) != "ok":
            assert time.monotonic() - started < 10
        assert time.monotonic() - started < 2.0


def serve(spawn, server: PostgresServer) -> str:
    """The address of a web process that has several idle connections to `server`."""
    port = free_port()
    words = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    words += ["--workers", "1", "--blocking-threads", str(THREADS), "wxcode.wsgi:application"]
    spawn(*words, env={"DATABASE_URL": server.url})
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(port), START_SECONDS)
    with ThreadPoolExecutor(THREADS) as threads:
        lines = list(threads.map(lambda _: database_line(base), range(40)))
    assert set(lines) == {"ok"}
    assert count_connections(server.url) >= 4, "several must be idle for the drill to mean anything"
    return base


def stop(server: PostgresServer) -> None:
    server.process.send_signal(signal.SIGINT)
    server.process.wait(START_SECONDS)


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


def database_line(base):
    return requests.get(f"{base}/readyz", timeout=START_SECONDS).json()["database"]


def count_connections(url):
    with psycopg.connect(url, autocommit=True) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres' AND pid <> pg_backend_pid()"
        return other.execute(query).fetchone()[0]
