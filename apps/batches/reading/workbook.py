"""The parts of an XLSX package that say where the cells are and how they look: sheets, number formats, texts."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element  # the type alone; defusedxml parses  # nosec B405

from defusedxml.ElementTree import fromstring
from openpyxl.styles.numbers import BUILTIN_FORMATS

from apps.batches.reading.parts import TextReader, read_part
from apps.batches.reading.xlsx_guard import (
    MEASURED,
    OTHER_MAX_BYTES,
    SHEET_MAX_BYTES,
    STRINGS_MAX_BYTES,
    too_large,
)

GENERAL = "General"
# of East Asian Excel, which openpyxl does not list: dates and times
EAST_ASIAN_DATES = dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd")
BUILTIN: dict[int, str] = {**EAST_ASIAN_DATES, **BUILTIN_FORMATS}


@dataclass(frozen=True)
class Sheet:
    """A worksheet, and the part of the package that has its cells."""

    name: str
    part: str
    is_hidden: bool


class Workbook:
    """An XLSX package, opened. Namespaces are not looked at: they are all that Strict Open XML has of its own.

    Raises UnreadableInput for a part that is too large; KeyError, ValueError and what zipfile and expat raise for a
    package that is damaged.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        # some programs write names with backslashes, or in capitals; what was not measured is not opened
        self._names = {_same(name): name for name in archive.namelist() if name.lower().endswith(MEASURED)}
        self._place = self._main_part()
        root = self._read(self._place)
        self._related = self._relations(self._place)
        self.sheets = list(self._sheets(root))
        # the program that wrote the file has not calculated, and asks whoever opens it to do that
        self.is_uncalculated = any(_flag(each, "fullCalcOnLoad") for each in _all(root, "calcPr"))
        self.counts_from_1904 = any(_flag(each, "date1904") for each in _all(root, "workbookPr"))
        self._format_codes = self._formats()
        self.texts = self._texts()

    def open_sheet(self, sheet: Sheet) -> Any:
        """The XML of its cells, as a stream."""
        return self._open(sheet.part, SHEET_MAX_BYTES)

    def format_of(self, style: str) -> str:
        """The format code of the style with this number."""
        number = int(style) if style.isdecimal() and len(style) < 9 else 0
        return self._format_codes[number] if number < len(self._format_codes) else GENERAL

    def _main_part(self) -> str:
        targets = [target for kind, target in self._relations("").values() if kind == "officeDocument"]
        return targets[0] if targets else self._names["xl/workbook.xml"]

    def _sheets(self, root: Element) -> Iterator[Sheet]:
        """Worksheets as their tabs are, the one that is open first."""
        tabs = list(_all(root, "sheet"))
        views = [each.get("activeTab", "0") for each in _all(root, "workbookView")]
        active = int(views[0]) if views and views[0].isdecimal() else 0
        for number, tab in sorted(enumerate(tabs), key=lambda each: each[0] != active):
            _kind, target = self._related.get(_attribute(tab, "id"), ("", ""))
            # charts and the sheets of old macros have no cells
            if _kind == "worksheet" and target:
                yield Sheet(tab.get("name", str(number + 1)), target, tab.get("state", "visible") != "visible")

    def _formats(self) -> list[str]:
        """The format code of every style."""
        part = self._one("styles")
        if part is None:
            return []
        root = self._read(part)
        own = {_number(each, "numFmtId"): each.get("formatCode", GENERAL) for each in _all(root, "numFmt")}
        known = {**BUILTIN, **own}
        return [
            known.get(_number(style, "numFmtId"), GENERAL)
            for styles in _all(root, "cellXfs")
            for style in styles
            if _local(style.tag) == "xf"
        ]

    def _texts(self) -> list[str]:
        part = self._one("sharedStrings")
        if part is None:
            return []
        with self._open(part, STRINGS_MAX_BYTES) as content:
            return list(read_part(content, TextReader()))

    def _one(self, kind: str) -> str | None:
        return next((target for each, target in self._related.values() if each == kind and target), None)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What `part` refers to by id: the last word of its kind, and the part, empty if it is not there."""
        folder, name = posixpath.split(part)
        place = self._names.get(_same(posixpath.join(folder, "_rels", f"{name}.rels")))
        if place is None:
            return {}
        return {
            each.get("Id", ""): (
                each.get("Type", "").rpartition("/")[2],
                self._names.get(_same(posixpath.join("/", folder, each.get("Target", ""))), ""),
            )
            for each in self._read(place)
        }

    def _read(self, part: str) -> Element:
        with self._open(part, OTHER_MAX_BYTES) as content:
            root: Element = fromstring(content.read(), forbid_dtd=True)
        return root

    def _open(self, part: str, most_bytes: int) -> Any:
        """A relationship may name any part: what is kept in memory may not be as large as a sheet."""
        if self.archive.getinfo(part).file_size > most_bytes:
            raise too_large()
        return self.archive.open(part)


def _same(name: str) -> str:
    return posixpath.normpath(re.sub(r"[\\/]+", "/", name)).lstrip("/").lower()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _all(root: Element, name: str) -> Iterator[Element]:
    return (each for each in root.iter() if _local(each.tag) == name)


def _attribute(element: Element, name: str) -> str:
    """Whatever its namespace; `r:id` of a sheet comes with two of them."""
    return next((value for key, value in element.items() if _local(key) == name), "")


def _flag(element: Element, name: str) -> bool:
    return element.get(name, "0") in ("1", "true")


def _number(element: Element, name: str) -> int:
    text = element.get(name, "0")
    return int(text) if text.isdecimal() and len(text) < 9 else 0
