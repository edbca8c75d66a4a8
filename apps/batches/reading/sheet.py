"""The cells of one worksheet as people see them, row by row."""

import datetime as dt
import re
from collections.abc import Generator
from decimal import Context, Decimal, InvalidOperation, Overflow

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from apps.batches.reading.cells import (
    Cell,
    date_cell,
    error_cell,
    formula_cell,
    long_number_cell,
    shown_cell,
    truth_cell,
    unclear_cell,
)
from apps.batches.reading.number_format import plain, read_format, show, show_percentage
from apps.batches.reading.parts import read_part, written_text
from apps.batches.reading.tables import Record
from apps.batches.reading.workbook import GENERAL, Sheet, Workbook
from apps.batches.reading.xlsx_guard import column_number

PLACE = re.compile(r"([A-Za-z]{1,3})[0-9]+")
# as many digits as a spreadsheet keeps: 0.1 + 0.2 is 0.3
# and as large as it can hold: 1e-999999 would be a text of a million digits
FIFTEEN_DIGITS = Context(prec=15, Emin=-308, Emax=308)
LONGEST = Decimal(10) ** 15
FORMULA_SHOWN = NUMBER_SHOWN = 100


def read_sheet(book: Workbook, sheet: Sheet) -> Generator[Record, None, None]:
    """The rows that have a cell with something in it. Raises what zipfile and expat raise."""
    with book.open_sheet(sheet) as content:
        yield from read_part(content, _SheetReader(book))


class _SheetReader:
    """Follows rows and cells."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.done: list[Record] = []
        self.pieces: list[str] = []
        self.is_listening = False
        self._row = self._column = 0
        self._cells: dict[int, Cell] = {}
        self._kind = self._style = self._formula = ""
        self._has_formula = self._has_value = self._is_in_cell = self._is_reading_aid = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = PLACE.fullmatch(attributes.get("r", ""))
            self._column = column_number(place[1].upper()) - 1 if place else self._column + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._has_formula, self._has_value, self._formula, self._is_in_cell = False, False, "", True
            self.pieces.clear()
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 10 else self._row + 1
            self._column, self._cells = -1, {}
        elif self._is_in_cell:
            self._start_inside(name)

    def _start_inside(self, name: str) -> None:
        if name in ("v", "t"):
            self.is_listening, self._has_value = not self._is_reading_aid, True
        elif name == "f":
            self._has_formula = self.is_listening = True
        elif name == "rPh":
            self._is_reading_aid = True

    def end(self, name: str) -> None:
        if name == "c":
            self._is_in_cell = False
            cell = self._cell()
            if cell != "":
                self._cells[self._column] = cell
        elif name == "row":
            if self._cells:
                self.done.append((self._row, self._cells))
        elif name in ("v", "t"):
            self.is_listening = False
        elif name == "f" and self._is_in_cell:
            self.is_listening = False
            self._formula = "".join(self.pieces)[:FORMULA_SHOWN]
            self.pieces.clear()
        elif name == "rPh":
            self._is_reading_aid = False

    def _cell(self) -> Cell:
        written = written_text(self.pieces)
        if self._kind == "s":
            return _tidy(self.book.texts[int(written)]) if written else ""
        if self._has_formula and self._is_uncalculated(written):
            return formula_cell(self._formula)
        if self._kind in ("str", "inlineStr"):
            return _tidy(written)
        if written == "":
            return ""
        if self._kind == "e":
            return error_cell(written)
        if self._kind == "b":
            return truth_cell(is_true=written in ("1", "true"))
        return date_cell(written) if self._kind == "d" else self._number(written.strip())

    def _is_uncalculated(self, written: str) -> bool:
        """Whether a formula has no result; some programs write 0 for one, and an empty text is one."""
        if self._kind == "str":
            return not self._has_value
        return written == "" or (written == "0" and self._kind == "n" and self.book.is_uncalculated)

    def _number(self, written: str) -> Cell:
        try:
            number = FIFTEEN_DIGITS.create_decimal(written)
        except InvalidOperation:
            return _tidy(written)
        except Overflow:
            return long_number_cell(written[:NUMBER_SHOWN])
        if not number.is_finite():
            return _tidy(written)
        code = self.book.format_of(self._style)
        if code == GENERAL:
            return plain(number) if abs(number) < LONGEST else long_number_cell(plain(number))
        if read_format(code).is_date:
            return date_cell(self._date(number))
        if abs(number) >= LONGEST:
            return long_number_cell(plain(number))
        found = show(number, code)
        if found is None:
            return unclear_cell(plain(number), shown=show_percentage(number, code))
        shown, value = found
        return shown_cell(plain(number), shown, is_rounded=value != number)

    def _date(self, number: Decimal) -> str:
        epoch = CALENDAR_MAC_1904 if self.book.counts_from_1904 else CALENDAR_WINDOWS_1900
        try:
            found = from_excel(float(number), epoch)
        except (OverflowError, ValueError):
            return plain(number)
        if isinstance(found, dt.datetime) and found.time() == dt.time():
            return found.date().isoformat()
        return str(found)


def _tidy(text: str) -> str:
    """Without the carriage returns of Windows, which nobody sees, and space around it."""
    return text.replace("\r\n", "\n").replace("\r", " ").strip() if "\r" in text else text.strip()
