"""From the cells of a table to rows of named values: where its header is, and what its cells may be used for."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.batches.reading.cells import Cell, OddCell, text_cell
from apps.batches.reading.columns import count_known, is_header, is_own_export, read_header
from apps.batches.reading.rows import MAX_CELLS, MAX_FILLED_CELLS, CellNote, RawRow, ReadingFacts, too_many_columns

# The number of a row, and its cells that are not empty by the index of their column.
Record = tuple[int, dict[int, Cell]]
# titles and remarks above a table
LOOKED_THROUGH = 20
# characters of a title, and titles of a row: more of either are refused once the header is found
TITLE_LOOKED_AT = 200
TITLES_LOOKED_AT = 2 * MAX_FILLED_CELLS
# What is part of a code, or names it; everything else is for people, and may be what the spreadsheet shows.
EXACT_COLUMNS = frozenset(("scene", "page", "tags", "external_id", "env_version", "width"))


@dataclass(frozen=True)
class Header:
    """The names of the columns, the rows that they are in, and how many of them wxcode knows."""

    names: list[str | None]
    titles: list[str]
    first_row: int
    last_row: int
    known: int
    is_below_others: bool

    @property
    def is_own_export(self) -> bool:
        return is_own_export(self.titles)


def find_header(records: Sequence[Record], *, last_rows: Mapping[int, int] | None = None) -> Header | None:
    """The header among the first rows of a table; there may be titles above it. Raises UnreadableInput.

    `last_rows` says how far down a row reaches whose cells are merged with those below.
    """
    widest = 0
    for index, (number, cells) in enumerate(records[:LOOKED_THROUGH]):
        titles = titles_of(cells)
        last_row = (last_rows or {}).get(number, number)
        for below, more in records[index + 1 :]:
            if below <= last_row:
                titles = _lowest(titles, titles_of(more))
        # a title stands alone; a row as wide as the header above it is a row of something else
        if is_header(titles) and (not index or widest < len(cells) or count_known(titles) == len(cells)):
            return Header(read_header(titles), titles, number, last_row, count_known(titles), index > 0)
        widest = max(widest, len(cells))
    return None


def titles_of(cells: Mapping[int, Cell]) -> list[str]:
    """What a row says, by column: as much of it as can be titles."""
    if not cells:
        return []
    width = max(cells) + 1
    if width > MAX_CELLS:
        raise too_many_columns(width)
    columns = list(itertools.islice(cells, TITLES_LOOKED_AT))
    titles = [""] * (max(columns) + 1)
    for column in columns:
        titles[column] = str(cells[column])[:TITLE_LOOKED_AT]
    return titles


def name_rows(
    records: Iterable[Record],
    names: list[str | None],
    facts: ReadingFacts,
    *,
    may_be_spoiled: bool = True,
) -> Iterator[RawRow]:
    """The rows below a header. Cells to the right of its last title are passed over, and rows that have no others.

    `may_be_spoiled`: a spreadsheet may have replaced texts by what it takes them for.
    """
    for number, cells in records:
        if len(cells) > MAX_FILLED_CELLS:
            raise too_many_columns(len(cells))
        if cells and max(cells) >= len(names):
            cells = {column: cell for column, cell in cells.items() if column < len(names)}
            facts.notes.setdefault(_("Cells to the right of the last column with a title were not read."))
        if cells:
            yield _name_row(number, cells, names, may_be_spoiled=may_be_spoiled)


def name_rows_below(
    header: Header, records: Iterable[Record], facts: ReadingFacts, *, may_be_spoiled: bool = True
) -> Iterator[RawRow]:
    """The rows below `header`, and in `facts` what it says and that there is something above it."""
    facts.titles = [(title, name) for title, name in zip(header.titles, header.names, strict=False) if title]
    if header.is_below_others:
        facts.notes.setdefault(
            _("Row %(row)d names the columns; what is above it was not read.") % {"row": header.first_row}
        )
    below = (record for record in records if record[0] > header.last_row)
    yield from name_rows(below, header.names, facts, may_be_spoiled=may_be_spoiled)


def _name_row(number: int, cells: Mapping[int, Cell], names: list[str | None], *, may_be_spoiled: bool) -> RawRow:
    values: dict[str, str] = {}
    problems: list[CellNote] = []
    warnings: list[CellNote] = []
    for column, cell in cells.items():
        name = names[column]
        if not name:
            continue
        if may_be_spoiled and isinstance(cell, str):
            cell = text_cell(cell)
        if isinstance(cell, str):
            values[name] = cell
        else:
            _add_odd(name, cell, values, problems, warnings)
    return RawRow(number, values, tuple(problems), tuple(warnings))


def _add_odd(
    name: str, cell: OddCell, values: dict[str, str], problems: list[CellNote], warnings: list[CellNote]
) -> None:
    is_exact = name in EXACT_COLUMNS
    if cell.is_broken or (cell.problem and is_exact):
        problems.append(CellNote(name, cell.shown, cell.problem))
        return
    if name == "width" and cell.number:
        values[name] = cell.number
        return
    values[name] = cell.bare or cell.shown if is_exact else cell.shown
    # a caption may have what the format makes of a number
    message = cell.warning if is_exact or not cell.number else ""
    message = message or ("" if cell.is_exact else cell.problem)
    if message:
        warnings.append(CellNote(name, cell.shown, message))


def _lowest(above: list[str], below: list[str]) -> list[str]:
    width = max(len(above), len(below))
    above, below = above + [""] * (width - len(above)), below + [""] * (width - len(below))
    return [under or over for over, under in zip(above, below, strict=True)]
