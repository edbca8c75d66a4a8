"""Is this XLSX harmless? Sizes, declarations and widths are measured in a stream before a library opens the file."""

import re
import zipfile
from typing import Any, BinaryIO
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput
from apps.batches.reading.rows import MAX_COLUMNS, too_many_columns

CHUNK_BYTES = 65_536
MAX_MEMBERS = 500
# Sheets are streamed; 100,000 rows of ten columns are some 60 MB. Strings are kept in memory, all else is small.
SHEET_MAX_BYTES = 300_000_000
STRINGS_MAX_BYTES = 60_000_000
OTHER_MAX_BYTES = 3_000_000
LETTERS = re.compile(r"[A-Z]{1,3}")
DEEPEST = 40


def refuse_hostile(file: BinaryIO) -> None:
    """Raise UnreadableInput for a file that is no XLSX or would cost more than a table can be worth."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS or any(member.file_size > _allowed(member.filename) for member in members):
                raise _too_large()
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    _measure(archive, member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, expat.ExpatError) as error:
        raise UnreadableInput(
            _("This is not an XLSX file, or it is damaged or locked by a password."),
            advice=_("Save it again as XLSX without a password, or as “CSV UTF-8”."),
        ) from error


def _allowed(name: str) -> int:
    if name.startswith("xl/worksheets/"):
        return SHEET_MAX_BYTES
    # pictures and the like are never opened
    return STRINGS_MAX_BYTES if name == "xl/sharedStrings.xml" or name.startswith("xl/media/") else OTHER_MAX_BYTES


def _measure(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    scan = _Scan()
    with archive.open(member) as content:
        # no more than the declared size is ever unpacked
        while chunk := content.read(CHUNK_BYTES):
            scan.parser.Parse(chunk, False)
    scan.parser.Parse(b"", True)


class _Scan:
    """Follows the elements of one part: no document type, no depth, no row wider than a table may be."""

    def __init__(self) -> None:
        self.depth = 0
        self.cells = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _too_large()
        if name == "row" or name.endswith(":row"):
            self.cells = 0
        elif name == "c" or name.endswith(":c"):
            self.cells += 1
            place = LETTERS.match(attributes.get("r", ""))
            width = max(self.cells, _column_number(place[0]) if place else 0)
            if width > MAX_COLUMNS:
                raise too_many_columns(width)

    def end(self, name: str) -> None:
        self.depth -= 1

    def refuse_doctype(self, *declaration: Any) -> None:
        raise _too_large()


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _too_large() -> UnreadableInput:
    return UnreadableInput(
        _("This XLSX unpacks to more than a table of 100,000 rows needs, or holds declarations that no table needs."),
        advice=_("Copy the rows into a new workbook with one sheet and save that, or save as “CSV UTF-8”."),
    )
