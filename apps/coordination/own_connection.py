"""One Redis connection per thread, for the hottest read: the shared pool's work costs several times the read itself."""

import os
import threading
from typing import Any

import redis

from apps.coordination.connection import redis_errors


class _OfThread(threading.local):
    owner: tuple[int, redis.Redis] | None = None
    connection: Any = None


_mine = _OfThread()


def read_alone(*command: str) -> Any:
    """The answer (bytes) to one command that only reads. Raises CoordinationUnavailable."""
    with redis_errors() as client:
        connection = _connection(client)
        try:
            return _exchange(connection, command)
        except redis.ConnectionError:
            # a restarted server has closed it; a timeout is another class and not tried again
            return _exchange(connection, command)


def _connection(client: redis.Redis) -> Any:
    owner = (os.getpid(), client)
    if _mine.owner != owner:
        pool = client.connection_pool
        _mine.connection = pool.connection_class(**pool.connection_kwargs)
        _mine.owner = owner
    return _mine.connection


def _exchange(connection: Any, command: tuple[str, ...]) -> Any:
    # both disconnect on any failure, so that no answer is left for the next question
    connection.send_command(*command)
    return connection.read_response()
