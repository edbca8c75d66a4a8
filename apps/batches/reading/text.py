"""Tables as text: CSV files in UTF-8 or GB18030, and what people paste out of a spreadsheet."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput
from apps.batches.reading.rows import (
    CELL_MAX_LENGTH,
    MAX_COLUMNS,
    RawRow,
    RowSource,
    is_header,
    named_values,
    no_scene_column,
    read_header,
    too_many_columns,
)

CHUNK_BYTES = 65_536
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# The first that every byte of the file fits; GB18030 is what Chinese spreadsheets save as CSV.
ENCODINGS = ("utf-8", "gb18030")
DELIMITERS = "\t,;"
# A line without a header is a scene and, after a delimiter, its label.
PASTED_NAMES: list[str | None] = ["scene", "label", "page"]


def csv_source(file: BinaryIO) -> RowSource:
    """The rows of a CSV file with a header. Raises UnreadableInput for what is no text."""
    encoding = find_encoding(file)
    return RowSource(lambda: _read_file(file, encoding))


def pasted_source(text: str) -> RowSource:
    """The rows of pasted text: a table with a header, or one scene a line, with its label after a tab or comma."""
    return RowSource(lambda: _read(io.StringIO(text, newline=""), needs_header=False))


def find_encoding(file: BinaryIO) -> str:
    """The encoding of the whole file; it is read once from the beginning. Raises UnreadableInput."""
    file.seek(0)
    start = file.read(4)
    marked = next((encoding for mark, encoding in MARKS if start.startswith(mark)), None)
    for encoding in (marked,) if marked else ENCODINGS:
        if _decodes(file, encoding):
            return encoding
    raise UnreadableInput(
        _("This is not a text in UTF-8 or GB18030."),
        advice=_("Save the table as “CSV UTF-8”, or upload it as XLSX."),
    )


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(CHUNK_BYTES):
            # no table has NUL in it, but every binary file does
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _read_file(file: BinaryIO, encoding: str) -> Iterator[RawRow]:
    file.seek(0)
    # the wrapper must not close a file that is read again
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield from _read(text, needs_header=True)
    finally:
        text.detach()


def _read(text: io.TextIOBase, *, needs_header: bool) -> Iterator[RawRow]:
    start = text.tell()
    delimiter = _find_delimiter(text.readline(CELL_MAX_LENGTH * MAX_COLUMNS))
    text.seek(start)
    names: list[str | None] | None = None
    for number, cells in enumerate(_records(text, delimiter), start=1):
        if not any(cells):
            continue
        if names is None:
            if is_header(cells):
                names = read_header(cells)
                continue
            if needs_header:
                raise no_scene_column(read_header(cells))
            names = PASTED_NAMES
        if len(cells) > MAX_COLUMNS:
            raise too_many_columns(len(cells))
        yield RawRow(number, named_values(names, cells))


def _records(text: io.TextIOBase, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(text, delimiter=delimiter)
    try:
        for record in reader:
            yield [cell.strip() for cell in record]
    except csv.Error as error:
        raise UnreadableInput(
            _("Line %(line)d is not CSV: %(reason)s.") % {"line": reader.line_num, "reason": error},
            advice=_("Look for a quotation mark without its partner."),
        ) from error


def _find_delimiter(line: str) -> str:
    return max(DELIMITERS, key=line.count) if any(mark in line for mark in DELIMITERS) else ","
