"""What every reader makes: numbered rows of named values, what is odd about them, and the limits of a table."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput

MAX_COLUMNS = 60
# the widest that a spreadsheet can be: stray cells far to the right are passed over
MAX_CELLS = 16_384
# in one row: columns of their own, ours, those of an export, and some that are stray
MAX_FILLED_CELLS = 2 * MAX_COLUMNS
NAME_MAX_LENGTH = 60
CELL_MAX_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class CellNote:
    """What is wrong or doubtful about one cell, and what to do; `value` as the table has it."""

    column: str
    value: str
    message: str


@dataclass(frozen=True)
class RawRow:
    """One row before it is checked; `number` as the file counts, the header being row 1.

    A cell that is a problem has no value.
    """

    number: int
    values: Mapping[str, Any]
    problems: tuple[CellNote, ...] = ()
    warnings: tuple[CellNote, ...] = ()


@dataclass
class ReadingFacts:
    """What people should know about how a table was read: from which sheet, which columns, and what was passed over."""

    sheet: str = ""
    notes: dict[str, None] = field(default_factory=dict)
    # each title of the header, with the name of the column that it was read as, None for none
    titles: list[tuple[str, str | None]] = field(default_factory=list)

    def begin(self, sheet: str = "") -> None:
        """Forget an earlier reading of the same source."""
        self.sheet, self.notes, self.titles = sheet, {}, []


@dataclass(frozen=True)
class RowSource:
    """Rows that may be read several times, each time from the first; `rows` raises UnreadableInput.

    `facts` are complete once the last row has been read.
    """

    rows: Callable[[], Iterator[RawRow]]
    facts: ReadingFacts = field(default_factory=ReadingFacts)


def too_many_columns(count: int) -> UnreadableInput:
    return UnreadableInput(
        _("The table has %(count)d columns or more; at most %(most)d are read.")
        % {"count": count, "most": MAX_COLUMNS},
        advice=_("Remove unused columns, including empty ones that still have formatting."),
    )
