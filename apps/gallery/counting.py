"""How many codes a search finds: exactly up to a thousand, asked for once the page is there, given up when slow."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction

from apps.gallery.browsing import Search
from apps.gallery.chips import Chip, chips_of
from apps.gallery.pages import StaffPage

MOST = 1000
PATIENCE_SECONDS = 1.0
# SQLite looks at the clock after so many steps of its machine: a fraction of a millisecond.
STEPS = 10_000


class Hint(NamedTuple):
    """How many would be found without one filter; None for more than could be counted in time."""

    chip: Chip
    found: int | None


class CountView(StaffPage):
    """The number of codes of the search in the address, for the place that waits for it."""

    template_name = "gallery/count.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        search = Search.read(self.request.GET, granted=self.appids)
        return super().get_context_data(**kwargs, search=search, count=count_codes(search), most=MOST, is_final=True)


class HintsView(StaffPage):
    """For a search that finds nothing: what it would find without each of its filters, and among archived codes."""

    template_name = "gallery/hints.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        search = Search.read(self.request.GET, granted=self.appids)
        archived = None if search.is_archived else search.archived()
        hints = [Hint(chip, found=count_codes(chip.rest)) for chip in chips_of(search)]
        facts = {"archived": archived, "archived_count": count_codes(archived) if archived else 0}
        return super().get_context_data(**kwargs, search=search, hints=hints, most=MOST, **facts)


def count_codes(search: Search) -> int | None:
    """How many codes `search` finds, MOST + 1 for more than MOST; None where the database took too long."""
    try:
        with _impatience():
            return len(search.newest().history()[: MOST + 1])
    except OperationalError:
        return None


@contextmanager
def _impatience() -> Iterator[None]:
    """A statement that takes longer is given up with an OperationalError."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [int(PATIENCE_SECONDS * 1000)])
            yield
            # for the rest of a transaction around this one
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
        return
    connection.ensure_connection()
    deadline = time.monotonic() + PATIENCE_SECONDS
    database: Any = connection.connection
    database.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, STEPS)
