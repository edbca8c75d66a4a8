"""What a web process does before it listens, and what it says when a part is away (drills start real nodes)."""

import logging

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from wxcode import warm_up
from wxcode.stack.redis_server import free_port

on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to open")
BUCKET = {"bucket_name": "codes", "endpoint_url": "no address, hunter2", "region_name": "us-east-1"}


@pytest.mark.both_databases
@on_postgres
def test_no_more_connections_are_opened_than_the_pool_may_have():
    pool = connection._new_pool({"min_size": 1, "max_size": 4, "timeout": 3})
    try:
        assert pool.fill(9, seconds=60) == 4
        assert pool.get_stats()["pool_available"] == 4
    finally:
        pool.close()


@pytest.mark.both_databases
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


def test_a_storage_without_a_client_is_nothing_to_tell(caplog):
    with caplog.at_level(logging.WARNING, "wxcode.warm_up"):
        warm_up.load()
    assert caplog.text == ""


def test_a_storage_that_cannot_be_made_is_told_without_its_options(settings, caplog):
    s3 = {"BACKEND": "apps.codes.object_storage.ObjectStorage", "OPTIONS": BUCKET}
    settings.STORAGES = settings.STORAGES | {"default": s3}
    with caplog.at_level(logging.WARNING, "wxcode.warm_up"):
        warm_up.load()
    assert "no storage can be made of MEDIA_STORAGE_OPTIONS: ValueError" in caplog.text
    assert "hunter2" not in caplog.text
