"""CSV, made while it is read."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import get_language, override

from apps.tables.cells import harmless

CHUNK = 1000
# Excel takes a CSV file for UTF-8 only with this in front
MARK = "\ufeff"


def csv_lines(records: Iterable[Sequence[str | int]]) -> Iterator[str]:
    """CSV, a thousand rows at a time, every cell harmless in a spreadsheet.

    It is read when the request is over: the records are made in the language that is active now.
    """
    return _lines(_told_in(get_language(), records))


def _told_in(language: str | None, records: Iterable[Sequence[str | int]]) -> Iterator[Sequence[str | int]]:
    rows = iter(records)
    while True:
        with override(language):
            cells = next(rows, None)
        if cells is None:
            return
        yield cells


def _lines(records: Iterable[Sequence[str | int]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(MARK)
    for number, cells in enumerate(records, start=1):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
        if number % CHUNK == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
