"""The rows of an XLSX file: the sheet that is open when people open it, or the first one that has a table."""

import itertools
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import BinaryIO
from xml.etree.ElementTree import ParseError  # the error alone; defusedxml parses  # nosec B405

from defusedxml import DefusedXmlException
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.batches.errors import UnreadableInput
from apps.batches.reading.cells import Cell
from apps.batches.reading.columns import no_scene_column
from apps.batches.reading.rows import RawRow, ReadingFacts, RowSource
from apps.batches.reading.sheet import read_sheet
from apps.batches.reading.tables import LOOKED_THROUGH, Header, Record, find_header, name_rows_below, titles_of
from apps.batches.reading.workbook import Sheet, Workbook
from apps.batches.reading.xlsx_guard import DAMAGED, Merged, refuse_hostile

# what a package makes of the libraries that lacks a part, or has one that is no such XML
BROKEN = (*DAMAGED, ParseError, DefusedXmlException)
# looked through for a table
MOST_SHEETS = 20
# a cell that is merged over more rows is not part of a header
HEADER_MOST_ROWS = 5
# named in a note
NAMED_SHEETS = 5
SHEET_NAME_SHOWN = 31


def xlsx_source(file: BinaryIO) -> RowSource:
    """The rows of one sheet, whose header names the columns. Raises UnreadableInput."""
    merged, facts = refuse_hostile(file), ReadingFacts()
    return RowSource(lambda: _read(file, merged, facts), facts)


def _read(file: BinaryIO, merged: Mapping[str, list[Merged]], facts: ReadingFacts) -> Iterator[RawRow]:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            book = Workbook(archive)
            sheet, header = _choose(book, merged, facts)
            records = _filled(read_sheet(book, sheet), merged.get(sheet.part, []))
            # of a file that wxcode has made, no text has been replaced
            yield from name_rows_below(header, records, facts, may_be_spoiled=not header.is_own_export)
    except BROKEN as error:
        raise UnreadableInput(
            gettext_lazy("This XLSX file is damaged: a part of it cannot be read."),
            advice=gettext_lazy("Open it in Excel or WPS, save it again as XLSX, or as “CSV UTF-8”."),
        ) from error


def _choose(book: Workbook, merged: Mapping[str, list[Merged]], facts: ReadingFacts) -> tuple[Sheet, Header]:
    """The sheet to read, and its header; notes which others have a table."""
    tables: list[tuple[Sheet, Header]] = []
    hidden: list[str] = []
    columns: list[str] = []
    for sheet in book.sheets[:MOST_SHEETS]:
        records = _first_records(book, sheet)
        try:
            header = find_header(records, last_rows=_last_rows(merged.get(sheet.part, [])))
        except UnreadableInput:
            if tables or sheet.is_hidden:
                continue
            raise
        if header is not None and sheet.is_hidden:
            hidden.append(sheet.name)
        elif header is not None:
            tables.append((sheet, header))
        elif records and not sheet.is_hidden:
            columns = columns or titles_of(records[0][1])
    if not tables and hidden:
        raise UnreadableInput(
            gettext_lazy("The table is on a hidden sheet: %(sheets)s.") % {"sheets": _named(hidden)},
            advice=gettext_lazy("Hidden sheets are not read: show the sheet, then save the file."),
        )
    if not tables:
        raise no_scene_column(columns)
    # one word below other text, as in an explanation, is hardly a header
    tables.sort(key=lambda each: each[1].known == 1 and each[1].is_below_others)
    facts.begin(tables[0][0].name)
    if tables[1:]:
        others = [sheet.name for sheet, _header in tables[1:]]
        facts.notes.setdefault(
            _("Only the sheet “%(sheet)s” was read. Not read, although they have a table: %(others)s.")
            % {"sheet": tables[0][0].name, "others": _named(others)}
        )
    return tables[0]


def _first_records(book: Workbook, sheet: Sheet) -> list[Record]:
    with closing(read_sheet(book, sheet)) as records:
        return list(itertools.islice(records, LOOKED_THROUGH))


def _last_rows(merged: Iterable[Merged]) -> dict[int, int]:
    """How far down a row of titles reaches."""
    found: dict[int, int] = {}
    for area in merged:
        if area.last_row - area.row < HEADER_MOST_ROWS:
            found[area.row] = max(found.get(area.row, 0), area.last_row)
    return found


def _filled(records: Iterable[Record], merged: Iterable[Merged]) -> Iterator[Record]:
    """A cell that is merged with those below stands in each of their rows."""
    beginning: dict[int, list[Merged]] = defaultdict(list)
    for area in merged:
        beginning[area.row].append(area)
    reaching: dict[int, tuple[Cell, int]] = {}
    for number, cells in records:
        for column, (cell, last_row) in list(reaching.items()):
            if number > last_row:
                del reaching[column]
            else:
                cells.setdefault(column, cell)
        for area in beginning.get(number, ()):
            if area.column in cells:
                reaching[area.column] = cells[area.column], area.last_row
        yield number, cells


def _named(sheets: list[str]) -> str:
    return ", ".join(name[:SHEET_NAME_SHOWN] for name in sheets[:NAMED_SHEETS])
