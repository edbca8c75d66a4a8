"""Redis away: a typed error quickly, a pause instead of a queue, and recovery by itself."""

import time

import pytest

from apps.coordination import connection
from apps.coordination.connection import CoordinationUnavailable, redis_connection, redis_errors


@pytest.fixture
def dead_redis(dead_redis):
    dead_redis()


def test_a_dead_redis_is_a_typed_error_within_a_second(dead_redis):
    started = time.monotonic()
    with pytest.raises(CoordinationUnavailable) as failure, redis_errors() as redis:
        redis.get("anything")
    assert time.monotonic() - started < 1
    assert (failure.value.http_status, failure.value.code) == (503, "redis_unavailable")


def test_after_a_failure_nobody_waits_again(dead_redis):
    with pytest.raises(CoordinationUnavailable), redis_errors() as redis:
        redis.get("anything")
    started = time.monotonic()
    for _ in range(100):
        with pytest.raises(CoordinationUnavailable), redis_errors() as redis:
            redis.get("anything")
    assert time.monotonic() - started < 0.2


def test_a_paused_server_costs_less_than_two_seconds(redis_client):
    redis_client.execute_command("CLIENT", "PAUSE", 3000, "ALL")
    started = time.monotonic()
    try:
        with pytest.raises(CoordinationUnavailable), redis_errors() as redis:
            redis.get("anything")
        assert time.monotonic() - started < 2
    finally:
        time.sleep(max(0, 3.1 - (time.monotonic() - started)))
        connection.forget_trouble()


def test_the_pause_ends_by_itself(redis_url, dead_redis, settings):
    with pytest.raises(CoordinationUnavailable), redis_errors() as redis:
        redis.get("anything")
    settings.REDIS_URL = redis_url
    redis_connection.cache_clear()
    time.sleep(connection.PAUSE_AFTER_FAILURE_SECONDS + 0.05)
    with redis_errors() as redis:
        assert redis.ping()
