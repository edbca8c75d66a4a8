"""A web process is ready when it listens: connected, and with nothing left to make that its first requests need."""

import json
import logging
import subprocess
import sys

import psycopg
import pytest
import requests
from django.db import connection
from psycopg.conninfo import make_conninfo

from benchmarks.nodes import web_node
from tests.plugin import BASE_DIR
from tests.postgres import PostgresServer
from tests.waiting import answers, wait_until
from wxcode import warm_up
from wxcode.stack.redis_server import free_port

on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to open")
BUCKET = {"bucket_name": "codes", "endpoint_url": "http://127.0.0.1:1", "region_name": "us-east-1"}
LOADED = """
import json
import wxcode.wsgi
from django.core.files.storage import default_storage
from django.urls import get_resolver
api = next(each for each in get_resolver().url_patterns if str(each.pattern) == "api/v1/")
print(json.dumps([
    getattr(default_storage, "_shared", None) is not None,
    all("regex" in vars(each.pattern) for each in api.url_patterns),
]))
"""


@pytest.fixture
def serve(process_environment, tmp_path):
    """`serve(url)`: the web node of the image on that database, once it answers; its port and its node."""
    nodes = []

    def start(url, *, is_awaited=True):
        port = free_port()
        environment = process_environment | {"DATABASE_URL": url}
        node = web_node("web", port=port, environment=environment, directory=tmp_path / "web", workers=1)
        nodes.append(node)
        node.start()
        return port, node.wait_until(lambda: answers(port)) if is_awaited else node

    yield start
    for node in nodes:
        node.kill()


def nowhere():
    """The address of a database that is away."""
    return f"postgres://nobody@127.0.0.1:{free_port()}/nothing"


@on_postgres
def test_a_node_that_answers_is_connected_before_anybody_asked_it_for_data(serve):
    with PostgresServer() as server:
        serve(server.url)
        with psycopg.connect(server.url, autocommit=True) as other:
            query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            # and this one
            assert other.execute(query).fetchone()[0] == warm_up.DATABASE_CONNECTIONS + 1


def test_a_node_whose_database_is_away_answers_what_needs_none(serve):
    port, node = serve(nowhere())
    assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=30).json()["database"].startswith("failed")
    assert "no connection to the database within 3 s; going on without" in node.log.read_text()


def test_a_node_that_still_looks_for_its_database_stops_at_once(serve):
    _port, node = serve(nowhere(), is_awaited=False)
    # the first process, and the worker that it forked
    wait_until(lambda: len(node.pids()) == 2)
    # not the twenty seconds after which it would be killed
    assert node.stop() < 10


@on_postgres
def test_no_more_connections_are_opened_than_the_pool_may_have():
    pool = connection._new_pool({"min_size": 1, "max_size": 4, "timeout": 3})
    try:
        assert pool.fill(9, seconds=10) == 4
        assert pool.get_stats()["pool_available"] == 4
    finally:
        pool.close()


@on_postgres
def test_filling_ends_when_its_time_is_over():
    pool = connection._new_pool({"min_size": 1, "max_size": 4, "timeout": 3})
    pool.kwargs = {"conninfo": make_conninfo(host="127.0.0.1", port=free_port())}
    try:
        assert pool.fill(2, seconds=0.2) == 0
    finally:
        pool.close()


def test_a_redis_that_is_away_is_told_and_keeps_nobody_from_starting(dead_redis, caplog):
    dead_redis()
    with caplog.at_level(logging.WARNING, "wxcode.warm_up"):
        warm_up.connect()
    assert "Redis does not answer; going on without" in caplog.text


@pytest.mark.parametrize(("kind", "has_client"), [("file", False), ("s3", True)])
def test_loading_makes_the_client_of_the_storage_and_compiles_all_patterns(process_environment, kind, has_client):
    options = {"MEDIA_STORAGE": "s3", "MEDIA_STORAGE_OPTIONS": json.dumps(BUCKET)} if kind == "s3" else {}
    finished = run(process_environment | options)
    assert json.loads(finished.stdout) == [has_client, True]


def test_a_storage_that_cannot_be_made_is_told_without_its_options(process_environment):
    options = json.dumps(BUCKET | {"endpoint_url": "no address, hunter2"})
    finished = run(process_environment | {"MEDIA_STORAGE": "s3", "MEDIA_STORAGE_OPTIONS": options})
    assert json.loads(finished.stdout) == [False, True]
    assert "no storage can be made of MEDIA_STORAGE_OPTIONS: ValueError" in finished.stderr
    assert "hunter2" not in finished.stderr


def run(environment):
    words = [sys.executable, "-c", LOADED]
    finished = subprocess.run(words, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    return finished
