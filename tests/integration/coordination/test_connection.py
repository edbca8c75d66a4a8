"""Redis away: a typed error, one attempt and then a pause instead of a queue, and recovery by itself."""

import pytest

from apps.coordination import connection
from apps.coordination.connection import CoordinationUnavailable, redis_connection, redis_errors
from tests.integration.wechat.raw_server import RawServer


@pytest.fixture
def silent(settings, monkeypatch):
    """A Redis that takes connections and never answers, as one that is paused does."""
    monkeypatch.setattr(connection, "SOCKET_TIMEOUT_SECONDS", 0.05)
    with RawServer(lambda accepted: accepted.stopped.wait(120)) as server:
        settings.REDIS_URL = server.url.replace("http://", "redis://")
        redis_connection.cache_clear()
        yield server
    redis_connection.cache_clear()
    connection.forget_trouble()


def fail():
    with pytest.raises(CoordinationUnavailable) as failure, redis_errors() as redis:
        redis.get("anything")
    return failure.value


def test_a_dead_redis_is_a_typed_error(dead_redis):
    dead_redis()
    assert (fail().http_status, fail().code) == (503, "redis_unavailable")


def test_a_redis_that_does_not_answer_is_the_same_after_one_attempt_that_everybody_shares(silent):
    for _ in range(100):
        assert fail().code == "redis_unavailable"
    assert silent.connections == 1


def test_a_command_has_less_than_two_seconds():
    options = redis_connection().connection_pool.connection_kwargs
    assert options["socket_connect_timeout"] + options["socket_timeout"] < 2
    assert options["retry"]._supported_errors == (connection.redis.ConnectionError,), "no second try after a timeout"


def test_the_pause_ends_by_itself(redis_url, dead_redis, settings, clock):
    dead_redis()
    fail()
    settings.REDIS_URL = redis_url
    redis_connection.cache_clear()
    fail()
    clock.advance(connection.PAUSE_AFTER_FAILURE_SECONDS)
    with redis_errors() as redis:
        assert redis.ping()
