"""A worker that connects to a Redis which refuses all writes: it waits until there is room, and works then."""

import pytest

from tests.drills.celery_worker import PATIENCE_SECONDS, start_worker
from tests.waiting import wait_until
from wxcode.celery import app


@pytest.fixture
def full_redis(redis_client):
    redis_client.config_set("maxmemory", 1)
    yield redis_client
    redis_client.config_set("maxmemory", 0)


def test_a_worker_does_not_end_because_redis_is_full(fork, full_redis):
    worker = start_worker(fork)

    def was_refused():
        return "used memory > 'maxmemory'" in worker.log.read_text()

    wait_until(was_refused, PATIENCE_SECONDS)
    full_redis.config_set("maxmemory", 0)

    def works():
        assert worker.is_alive, worker.log.read_text()
        return app.control.ping(timeout=1)

    wait_until(works, PATIENCE_SECONDS)
