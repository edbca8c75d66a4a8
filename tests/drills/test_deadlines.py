"""Deadlines in real time: a call to WeChat and a command to Redis end in about the seconds that they have."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.coordination.connection import (
    CONNECT_TIMEOUT_SECONDS,
    SOCKET_TIMEOUT_SECONDS,
    CoordinationUnavailable,
    forget_trouble,
    redis_connection,
    redis_errors,
)
from tests.integration.wechat.raw_server import RawServer
from tests.integration.wechat.test_client_failures import SLOW_PLAYS, played

SECONDS = 0.5


def test_no_slowness_of_wechat_holds_a_call_much_longer_than_its_total(measured):
    def time_it(play):
        started = time.monotonic()
        played(play, seconds=SECONDS)
        return round(time.monotonic() - started, 2)

    with ThreadPoolExecutor(len(SLOW_PLAYS)) as pool:
        took = dict(zip(SLOW_PLAYS, pool.map(time_it, SLOW_PLAYS.values()), strict=True))
    measured(**took)
    assert {name: seconds for name, seconds in took.items() if not SECONDS * 0.9 < seconds < SECONDS * 10} == {}


def test_a_redis_that_does_not_answer_costs_one_timeout(settings, measured):
    with RawServer(lambda connection: connection.stopped.wait(120)) as server:
        settings.REDIS_URL = server.url.replace("http://", "redis://")
        redis_connection.cache_clear()
        started = time.monotonic()
        try:
            with pytest.raises(CoordinationUnavailable), redis_errors() as redis:
                redis.get("anything")
            took = time.monotonic() - started
        finally:
            redis_connection.cache_clear()
            forget_trouble()
    measured(seconds=round(took, 2))
    assert took < (CONNECT_TIMEOUT_SECONDS + SOCKET_TIMEOUT_SECONDS) * 10
