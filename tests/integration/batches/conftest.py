"""Batches in tests: made of rows, worked on by a run in this process or by a real worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from apps.batches import engine, seats
from apps.batches.models import CodeBatch
from apps.batches.ordering import BatchOrder, create_batch
from apps.batches.reading.rows import RawRow, RowSource
from tests.parts import ISSUER, make_miniprogram


def source_of(*rows: dict[str, Any]) -> RowSource:
    return RowSource(lambda: (RawRow(number, values) for number, values in enumerate(rows, start=1)))


def scenes(count: int, *, first: int = 1) -> list[dict[str, Any]]:
    return [{"scene": f"t={number}", "label": f"Table {number}"} for number in range(first, first + count)]


@pytest.fixture
def miniprogram(sandbox: Any) -> Any:
    return make_miniprogram(sandbox)


@pytest.fixture
def make_batch(miniprogram: Any, monkeypatch: Any) -> Any:
    """`make_batch(10)` or `make_batch({"scene": ...}, ...)`: a batch that runs when somebody works on it."""

    def make(*rows: Any, **fields: Any) -> CodeBatch:
        given = scenes(rows[0]) if len(rows) == 1 and isinstance(rows[0], int) else rows
        order = {"miniprogram": miniprogram, "name": "Tables", "source": source_of(*given), "issuer": ISSUER}
        return create_batch(BatchOrder(**{**order, **fields}))[0]

    return make


@contextmanager
def calls_at_once(settings: Any, count: int) -> Iterator[seats.Seats]:
    """At most so many calls of batches under way in this process."""

    def forget() -> None:
        seats.seats_of_this_process.cache_clear()
        seats.threads_of_this_process.cache_clear()

    settings.BATCH_CALLS = count
    forget()
    yield seats.seats_of_this_process()
    seats.threads_of_this_process().shutdown()
    # or every later batch of this process would have as few threads
    forget()


@pytest.fixture
def six_seats(settings: Any) -> Iterator[seats.Seats]:
    """At most six calls under way."""
    with calls_at_once(settings, 6) as six:
        yield six


@pytest.fixture
def work() -> Any:
    """`work(batch)`: what a worker does with its mini-program, until nothing is left to do."""

    def until_done(batch: CodeBatch) -> CodeBatch:
        engine.ensure_run(batch.miniprogram_id)
        engine.wait_for_runs(60)
        batch.refresh_from_db()
        return batch

    yield until_done
    engine.stop_runs()
    engine.wait_for_runs(10)
    engine._is_stopping.clear()
