"""A PostgreSQL of its own, away and back, under a web node as the image starts it: nobody waits for it for long."""

import signal
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from benchmarks.nodes import web_node
from tests.drills.forked import ForkedNode, ForkServer
from tests.drills.sizes import SIZES
from tests.postgres import PostgresNotFound, PostgresServer, find_programs
from tests.waiting import answers, wait_until
from wxcode import warm_up
from wxcode.stack.redis_server import free_port

THREADS = 8
PATIENCE_SECONDS = 180
AWAY = "no connection to the database within 3 s; going on without"


def has_postgres():
    try:
        return bool(find_programs())
    except PostgresNotFound:
        return False


pytestmark = pytest.mark.skipif(not has_postgres(), reason="PostgreSQL is not installed")


@pytest.fixture
def server():
    with PostgresServer() as server:
        with psycopg.connect(server.url) as connection:
            # what /readyz writes to
            connection.execute("CREATE TABLE django_migrations (id serial PRIMARY KEY)")
        yield server


@pytest.fixture
def node(server, shared_environment, tmp_path):
    port = free_port()
    with ForkServer(shared_environment | {"DATABASE_URL": server.url}, tmp_path) as forks:
        node = ForkedNode(forks, web_node("web", port=port, environment={}, directory=tmp_path / "web", workers=1))
        node.port = port
        yield node
        node.kill()


def test_a_node_starts_without_its_database_finds_it_and_is_not_hurt_when_it_restarts(server, node):
    stop(server)

    # one that still looks for its database stops at once: it does not get as far as going on without
    node.start()
    # the first process, and the worker that it forked
    wait_until(lambda: len(node.pids()) == 2, PATIENCE_SECONDS)
    node.stop(seconds=PATIENCE_SECONDS)
    assert AWAY not in node.log.read_text()

    # what needs no database is answered without, and it is found when it comes
    start(node)
    assert database_line(node).startswith("failed")
    assert AWAY in node.log.read_text()
    server.start()
    wait_until(lambda: database_line(node) == "ok", PATIENCE_SECONDS)
    node.stop(seconds=PATIENCE_SECONDS)

    # with its database there, a node is connected before anybody asks for data
    start(node)
    assert count_connections(server) == warm_up.DATABASE_CONNECTIONS

    # all of them die, and the first request afterwards is answered
    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(lambda _number: database_line(node), range(5 * THREADS))) == {"ok"}
    for _time in range(SIZES.restarts):
        stop(server)
        server.start()
        assert database_line(node) == "ok"


def start(node):
    node.start().wait_until(lambda: answers(node.port), seconds=PATIENCE_SECONDS)


def stop(server):
    server.process.send_signal(signal.SIGINT)
    server.process.wait(PATIENCE_SECONDS)


def database_line(node):
    return requests.get(f"http://127.0.0.1:{node.port}/readyz", timeout=PATIENCE_SECONDS).json()["database"]


def count_connections(server):
    with psycopg.connect(server.url, autocommit=True) as other:
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> %s"
        return other.execute(query, [other.info.backend_pid]).fetchone()[0]
