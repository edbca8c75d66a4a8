"""Every drill: what is broken, and how it is mended again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from redis import Redis

from benchmarks.drills.house import House

Breaking = Callable[[House, float], AbstractContextManager[None]]
CLOCK_SECONDS = 3 * 3600
LIES = ("html_page", "garbage", "empty_body", "truncated_picture", "json_as_picture", "mislabelled", "cut_connection")


@dataclass(frozen=True)
class Drill:
    """`breaking(house, seconds)`: inside it the fault is in force; leaving it mends."""

    name: str
    breaking: Breaking


@contextmanager
def redis_stopped(house: House, seconds: float) -> Iterator[None]:
    house.stop_redis()
    yield
    house.start_redis()


@contextmanager
def redis_flushed(house: House, seconds: float) -> Iterator[None]:
    with Redis.from_url(house.redis_url, socket_timeout=5) as client:
        client.flushall()
    yield


@contextmanager
def redis_paused(house: House, seconds: float) -> Iterator[None]:
    """Connections stay open and nobody answers."""
    house.pause_redis()
    try:
        yield
    finally:
        house.resume_redis()


@contextmanager
def redis_full(house: House, seconds: float) -> Iterator[None]:
    """Reads are answered, writes are refused."""
    with Redis.from_url(house.redis_url, socket_timeout=5) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        yield
        client.config_set("maxmemory", 0)


@contextmanager
def postgres_restarted(house: House, seconds: float) -> Iterator[None]:
    house.stop_postgres()
    yield
    house.start_postgres()


@contextmanager
def postgres_crashed(house: House, seconds: float) -> Iterator[None]:
    """Ends without a checkpoint, and recovers from its log."""
    house.stop_postgres(is_crash=True)
    yield
    house.start_postgres()


@contextmanager
def postgres_crowded(house: House, seconds: float) -> Iterator[None]:
    """Others take every connection, also those that the service had."""
    is_over, taken = threading.Event(), []

    def crowd() -> None:
        while not is_over.wait(0.01 if taken else 0.0):
            with suppress(psycopg.OperationalError):
                taken.append(psycopg.connect(house.postgres.url, application_name="others", autocommit=True))
                _dismiss(taken[0])

    thread = threading.Thread(target=crowd)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        for connection in taken:
            connection.close()


def _dismiss(connection: Any) -> None:
    """End what is not ours, so that there is room for more of us."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name <> 'others' AND backend_type = 'client backend'"
    )


@contextmanager
def disk_full(house: House, seconds: float) -> Iterator[None]:
    house.fill_disk()
    try:
        yield
    finally:
        house.clear_disk()


def wechat(*faults: str, **fields: Any) -> Breaking:
    """WeChat does these instead of answering, one after the other."""

    @contextmanager
    def breaking(house: House, seconds: float) -> Iterator[None]:
        is_over = threading.Event()

        def take_turns() -> None:
            for fault in faults:
                house.sandbox.clear_faults()
                house.sandbox.fault(fault, **fields)
                if is_over.wait(seconds / len(faults)):
                    break

        thread = threading.Thread(target=take_turns)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            house.sandbox.clear_faults()

    return breaking


def clock(ahead: int) -> Breaking:
    """The wall clock of web and worker jumps that many seconds, and comes back."""

    @contextmanager
    def breaking(house: House, seconds: float) -> Iterator[None]:
        house.set_clock(ahead)
        yield
        house.set_clock(0)

    return breaking


DRILLS = [
    Drill("redis-stopped", redis_stopped),
    Drill("redis-flushed", redis_flushed),
    Drill("redis-paused", redis_paused),
    Drill("redis-full", redis_full),
    Drill("postgres-restarted", postgres_restarted),
    Drill("postgres-crashed", postgres_crashed),
    Drill("postgres-crowded", postgres_crowded),
    Drill("disk-full", disk_full),
    Drill("wechat-hanging", wechat("hang")),
    Drill("wechat-resetting", wechat("reset")),
    Drill("wechat-dripping", wechat("drip", seconds=30)),
    Drill("wechat-5xx", wechat("http_500", "http_502")),
    Drill("wechat-lying", wechat(*LIES)),
    Drill("clock-ahead", clock(CLOCK_SECONDS)),
    Drill("clock-behind", clock(-CLOCK_SECONDS)),
]
