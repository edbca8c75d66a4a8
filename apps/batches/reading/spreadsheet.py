"""The rows of an XLSX file: its first sheet, streamed."""

import datetime as dt
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

import openpyxl
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.exceptions import InvalidFileException

from apps.batches.errors import UnreadableInput
from apps.batches.reading.rows import RawRow, RowSource, is_header, named_values, no_scene_column, read_header
from apps.batches.reading.xlsx_guard import refuse_hostile

# what openpyxl raises for files that are XLSX in name only
DAMAGED = (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError)


def xlsx_source(file: BinaryIO) -> RowSource:
    """The rows of the first sheet, whose first row names the columns. Raises UnreadableInput."""
    refuse_hostile(file)
    return RowSource(lambda: _read(file))


def _read(file: BinaryIO) -> Iterator[RawRow]:
    names: list[str | None] | None = None
    for number, values in enumerate(_records(file), start=1):
        cells = [_as_text(value) for value in values]
        if not any(cells):
            continue
        if names is None:
            names = read_header(cells)
            if not is_header(cells):
                raise no_scene_column(names)
            continue
        yield RawRow(number, named_values(names, cells))
    if names is None:
        raise no_scene_column([])


def _records(file: BinaryIO) -> Iterator[tuple[Any, ...]]:
    file.seek(0)
    try:
        # values, not formulas; nothing outside the file is followed
        with closing(openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)) as workbook:
            sheet = workbook.worksheets[0]
            # what the file says about its size is not believed
            sheet.reset_dimensions()
            yield from sheet.iter_rows(values_only=True)
    except DAMAGED as error:
        raise UnreadableInput(
            _("This XLSX cannot be read (%(reason)s).") % {"reason": type(error).__name__},
            advice=_("Save it again as XLSX, or as “CSV UTF-8”."),
        ) from error


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value).strip()
