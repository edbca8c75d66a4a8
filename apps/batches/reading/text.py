"""Tables as text: CSV files in UTF-8 or GB18030, and what people paste out of a spreadsheet."""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput
from apps.batches.reading.cells import Cell
from apps.batches.reading.columns import count_known, no_scene_column
from apps.batches.reading.rows import (
    CELL_MAX_LENGTH,
    MAX_CELLS,
    MAX_COLUMNS,
    RawRow,
    ReadingFacts,
    RowSource,
    too_many_columns,
)
from apps.batches.reading.tables import (
    LOOKED_THROUGH,
    Header,
    Record,
    find_header,
    name_rows,
    name_rows_below,
    titles_of,
)
from apps.tables.cells import unguarded

CHUNK_BYTES = 65_536
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# The first that every byte of the file fits; GB18030 is what Chinese spreadsheets save as CSV.
ENCODINGS = ("utf-8", "gb18030")
# A stray NUL spoils its row; a file in which more than one character in so many is NUL is no text.
CHARACTERS_PER_NUL = 10
CHINESE_COMMA = "\uff0c"
# in a header
DELIMITERS = (",", "\t", ";", CHINESE_COMMA)
# of lines without one; a semicolon may be part of a scene
PASTED_DELIMITERS = "\t,"
# of the first lines, in which the header is looked for
SAMPLE_LINE_LENGTH = CELL_MAX_LENGTH * MAX_COLUMNS
# Excel's own first line, which it does not show
SEPARATOR_LINE = re.compile(r'"?sep=(\t|[^\w\s"])"?\s*', re.IGNORECASE)
# A line without a header is a scene and, after a delimiter, its label.
PASTED_NAMES: list[str | None] = ["scene", "label", "page"]


def csv_source(file: BinaryIO) -> RowSource:
    """The rows of a CSV file with a header. Raises UnreadableInput for what is no text."""
    encoding, facts = find_encoding(file), ReadingFacts()
    return RowSource(lambda: _read_file(file, encoding, facts), facts)


def pasted_source(text: str) -> RowSource:
    """The rows of pasted text: a table with a header, or one scene a line, with its label after a tab or comma."""
    facts = ReadingFacts()
    return RowSource(lambda: _read(io.StringIO(text, newline=""), facts, needs_header=False), facts)


def find_encoding(file: BinaryIO) -> str:
    """The encoding of the whole file; it is read once from the beginning. Raises UnreadableInput."""
    file.seek(0)
    start = file.read(4)
    marked = next((encoding for mark, encoding in MARKS if start.startswith(mark)), None)
    for encoding in (marked,) if marked else ENCODINGS:
        if _decodes(file, encoding):
            return encoding
    raise UnreadableInput(
        _("The file is not UTF-8 or GB18030 text."),
        advice=_("Save the table as “CSV UTF-8”, or upload it as XLSX."),
    )


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    length = nuls = 0
    try:
        while chunk := file.read(CHUNK_BYTES):
            text = decoder.decode(chunk)
            length += len(text)
            nuls += text.count("\0")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return nuls * CHARACTERS_PER_NUL <= length


def _read_file(file: BinaryIO, encoding: str, facts: ReadingFacts) -> Iterator[RawRow]:
    file.seek(0)
    # the wrapper must not close a file that is read again
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield from _read(text, facts, needs_header=True)
    finally:
        text.detach()


def _read(text: io.TextIOBase, facts: ReadingFacts, *, needs_header: bool) -> Iterator[RawRow]:
    facts.begin()
    lines = _lines(text)
    first = list(itertools.islice(lines, LOOKED_THROUGH))
    separator = SEPARATOR_LINE.fullmatch(first[0]) if first else None
    if separator:
        del first[0]
    sample = [line[:SAMPLE_LINE_LENGTH] for line in first]
    delimiters = (separator[1],) if separator else DELIMITERS
    delimiter, header = _find_header(sample, delimiters, is_pasted=not needs_header)
    if header is None:
        delimiter = separator[1] if separator else _find_delimiter(sample, is_pasted=not needs_header)
    records = _records(itertools.chain(first, lines), delimiter)
    if header is not None:
        yield from name_rows_below(header, records, facts)
    elif needs_header:
        for _number, cells in records:
            raise no_scene_column(titles_of(cells))
    else:
        yield from name_rows(_pasted(records), PASTED_NAMES, facts)


def _lines(text: io.TextIOBase) -> Iterator[str]:
    """Without the mark of the encoding, which is no part of a quoted first cell."""
    for number, line in enumerate(text):
        yield line if number else line.removeprefix("\ufeff")


def _find_header(lines: list[str], delimiters: Iterable[str], *, is_pasted: bool) -> tuple[str, Header | None]:
    """The delimiter with which the most of our columns are found, and the header."""
    found: list[tuple[str, Header]] = []
    for delimiter in sorted(delimiters, key=lambda each: -"".join(lines[:1]).count(each)):
        try:
            records = list(_records(lines, delimiter))
        except UnreadableInput:
            # told when the table is read
            continue
        header = _header_of(records, is_pasted=is_pasted, divides_lines=delimiter != ";")
        if header is not None:
            found.append((delimiter, header))
    return max(found, key=lambda each: each[1].known, default=(",", None))


def _header_of(records: list[Record], *, is_pasted: bool, divides_lines: bool) -> Header | None:
    header = find_header(records)
    if not is_pasted or not records:
        return header
    if header is not None and header.is_below_others:
        # of a list of scenes, one may be “page”
        above = [str(cells.get(0, "")) for number, cells in records if number < header.first_row]
        return header if header.known > 1 or not any(text.isascii() for text in above) else None
    first = titles_of(records[0][1])
    if header is None and divides_lines and count_known(first[1:]):
        # nobody's label is “label”
        raise no_scene_column(first)
    return header


def _records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """The records that have something in them."""
    reader = csv.reader(iter(lines), delimiter=delimiter)
    try:
        for number, record in enumerate(reader, start=1):
            if len(record) > MAX_CELLS:
                raise too_many_columns(len(record))
            cells: dict[int, Cell] = {
                column: text for column, cell in enumerate(record) if (text := unguarded(cell.strip()))
            }
            if cells:
                yield number, cells
    except csv.Error as error:
        raise UnreadableInput(
            _("Line %(line)d is not valid CSV: %(reason)s.") % {"line": reader.line_num, "reason": error},
            advice=_("Check for an unclosed quotation mark."),
        ) from error


def _find_delimiter(lines: list[str], *, is_pasted: bool) -> str:
    if is_pasted:
        return next((mark for mark in PASTED_DELIMITERS if any(mark in line for line in lines)), ",")
    line = next(iter(lines), "")
    return max(DELIMITERS, key=line.count) if any(mark in line for mark in DELIMITERS) else ","


def _pasted(records: Iterable[Record]) -> Iterator[Record]:
    """A Chinese comma, which no scene may have, divides as well."""
    for number, cells in records:
        texts = titles_of(cells)
        if CHINESE_COMMA in texts[0]:
            texts = [*map(str.strip, texts[0].split(CHINESE_COMMA)), *texts[1:]]
            yield number, {column: text for column, text in enumerate(texts) if text}
        else:
            yield number, cells
