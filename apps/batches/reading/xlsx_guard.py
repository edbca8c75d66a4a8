"""Is this XLSX harmless? Sizes, declarations and widths are measured in a stream before the file is read."""

import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput
from apps.batches.reading.rows import MAX_CELLS, too_many_columns

CHUNK_BYTES = 65_536
MAX_MEMBERS = 500
# Sheets are streamed; 100,000 rows of ten columns are some 60 MB. Strings are kept in memory, all else is small.
SHEET_MAX_BYTES = 300_000_000
STRINGS_MAX_BYTES = 60_000_000
OTHER_MAX_BYTES = 3_000_000
# Three columns of a table of 100,000 rows.
MAX_MERGED = 300_000
LETTERS = re.compile(r"[A-Z]{1,3}")
AREA = re.compile(r"([A-Z]{1,3})([0-9]{1,9}):([A-Z]{1,3})([0-9]{1,9})")
DEEPEST = 40
# what a damaged package makes of zipfile and expat
DAMAGED = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError,
    # an encoding that nobody knows, a place before the beginning, another compression, encryption
    LookupError, ValueError, NotImplementedError, RuntimeError, EOFError, OSError,
)  # fmt: skip
MEASURED = (".xml", ".rels")


class Merged(NamedTuple):
    """Cells that are merged with those below: the column of the first (0 for A), its row, and the last row."""

    column: int
    row: int
    last_row: int


def refuse_hostile(file: BinaryIO) -> Mapping[str, list[Merged]]:
    """Raise UnreadableInput for a file that is no XLSX or would cost more than a table can be worth.

    Answers which cells of each part are merged, which the part says behind its cells.
    """
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or any(member.file_size > _allowed(member.filename) for member in members):
                raise too_large()
            return {
                member.filename: _measure(archive, member)
                for member in members
                if member.filename.lower().endswith(MEASURED)
            }
    except DAMAGED as error:
        raise UnreadableInput(
            _("This is not an XLSX file, or it is damaged or password-protected."),
            advice=_("Save it again as XLSX without a password, or as “CSV UTF-8”."),
        ) from error


def _allowed(name: str) -> int:
    if name.startswith("xl/worksheets/"):
        return SHEET_MAX_BYTES
    # pictures and the like are never opened
    return STRINGS_MAX_BYTES if name == "xl/sharedStrings.xml" or name.startswith("xl/media/") else OTHER_MAX_BYTES


def _measure(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> list[Merged]:
    scan = _Scan()
    with archive.open(member) as content:
        # no more than the declared size is ever unpacked
        while chunk := content.read(CHUNK_BYTES):
            scan.parser.Parse(chunk, False)
    scan.parser.Parse(b"", True)
    return scan.merged


class _Scan:
    """Follows the elements of one part: no document type, no depth, no row wider than a spreadsheet may be."""

    def __init__(self) -> None:
        self.depth = 0
        self.cells = 0
        self.merged: list[Merged] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise too_large()
        if name == "row" or name.endswith(":row"):
            self.cells = 0
        elif name == "c" or name.endswith(":c"):
            self.cells += 1
            place = LETTERS.match(attributes.get("r", ""))
            width = max(self.cells, column_number(place[0]) if place else 0)
            if width > MAX_CELLS:
                raise too_many_columns(width)
        elif name == "mergeCell" or name.endswith(":mergeCell"):
            self.note_merged(attributes.get("ref", ""))

    def note_merged(self, ref: str) -> None:
        area = AREA.fullmatch(ref)
        if area is None or int(area[4]) <= int(area[2]):
            return
        if len(self.merged) == MAX_MERGED:
            raise too_large()
        self.merged.append(Merged(column_number(area[1]) - 1, int(area[2]), int(area[4])))

    def end(self, name: str) -> None:
        self.depth -= 1

    def refuse_doctype(self, *declaration: Any) -> None:
        raise too_large()


def column_number(letters: str) -> int:
    """1 for A."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def too_large() -> UnreadableInput:
    return UnreadableInput(
        _("This XLSX is too large when unpacked, or contains parts that a plain table doesn’t need."),
        advice=_("Copy the rows into a new workbook with one sheet and save that, or save as “CSV UTF-8”."),
    )
