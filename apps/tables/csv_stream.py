"""CSV, made while it is read."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from apps.tables.cells import harmless

CHUNK = 1000
# Excel takes a CSV file for UTF-8 only with this in front
MARK = "\ufeff"


def csv_lines(records: Iterable[Sequence[str | int]]) -> Iterator[str]:
    """CSV, a thousand rows at a time, every cell harmless in a spreadsheet."""
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
