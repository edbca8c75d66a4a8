"""What an uploaded file is, by its content: a name like `.xls` is given to many kinds. Refused kinds are named."""

import codecs
import re
import zipfile
from typing import BinaryIO

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput

HEAD_BYTES = 4096
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# names of streams in the directory of an OLE2 file, which may be anywhere in it
OLE2_SEARCHED_BYTES = 32_000_000
PROTECTED, OLD_BOOKS = "EncryptedPackage", ("Workbook", "Book")
# Excel 2 to 4 wrote no OLE2
OLD_BIFF = tuple(bytes((9, version, length, 0)) for version in (0, 2, 4) for length in (4, 6))
# parts that only this kind of package has, in lower case
PACKAGES: tuple[tuple[str, "Promise"], ...] = (
    ("xl/workbook.bin", _("This is a binary Excel workbook (.xlsb).")),
    ("index/document.iwa", _("This is an Apple Numbers file.")),
    ("index.zip", _("This is an Apple Numbers file.")),
    ("word/document.xml", _("This is a Word document.")),
    ("ppt/presentation.xml", _("This is a PowerPoint presentation.")),
    ("content.xml", _("This is an OpenDocument file (.ods).")),
)
BEGINNINGS: tuple[tuple[bytes, "Promise"], ...] = (
    (b"%PDF", _("This is a PDF, not a text or a workbook.")),
    (b"\x89PNG", _("This is an image, not a text or a workbook.")),
    (b"\xff\xd8\xff", _("This is an image, not a text or a workbook.")),
    (b"GIF8", _("This is an image, not a text or a workbook.")),
    (b"Rar!", _("This is an archive (RAR, 7z or gzip): unpack it.")),
    (b"7z\xbc\xaf", _("This is an archive (RAR, 7z or gzip): unpack it.")),
    (b"\x1f\x8b", _("This is an archive (RAR, 7z or gzip): unpack it.")),
)
WEB_PAGE = re.compile(
    r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|meta|body|table|style|div)\b|mime-version:", re.DOTALL
)
XML = re.compile(r"\s*<\?xml\b")
SAVE_AS_XLSX = _("Open it in Excel or WPS and save it as “Excel workbook (.xlsx)” without a password.")


def is_xlsx(file: BinaryIO) -> bool:
    """Whether `file` is a spreadsheet for `xlsx_source`, rather than a text. Raises UnreadableInput for other kinds."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith((OLE2, *OLD_BIFF)):
        raise _refused(_old_or_protected(head, file))
    # a zip may have something before it; what only begins like one is told to be damaged
    if head.startswith(b"PK\x03\x04") or (not _is_text(head) and zipfile.is_zipfile(file)):
        _refuse_other_packages(file)
        return True
    kind = next((text for beginning, text in BEGINNINGS if head.startswith(beginning)), None)
    kind = kind or _kind_of_text(head)
    if kind is not None:
        raise _refused(kind)
    return False


def _refuse_other_packages(file: BinaryIO) -> None:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        # the guard of spreadsheets says so
        return
    if "xl/workbook.xml" in names:
        return
    kind = next((text for part, text in PACKAGES if part in names), None)
    if kind is not None:
        raise _refused(kind)
    # some programs call the workbook something else
    if "[content_types].xml" not in names:
        raise UnreadableInput(
            _("This is a zip archive, not an Excel workbook."),
            advice=_("Unpack it and upload the table that is in it."),
        )


def _old_or_protected(head: bytes, file: BinaryIO) -> "Promise":
    file.seek(0)
    content = file.read(OLE2_SEARCHED_BYTES) if head.startswith(OLE2) else b""
    if PROTECTED.encode("utf-16-le") in content:
        return _("This workbook is protected by a password.")
    if not content or any(name.encode("utf-16-le") in content for name in OLD_BOOKS):
        return _("This is an old Excel or WPS workbook (.xls, .et).")
    return _("This is an old Excel workbook (.xls), or one that is protected by a password.")


def _kind_of_text(head: bytes) -> "Promise | None":
    text = _decoded(head).lower()
    if WEB_PAGE.match(text) or (XML.match(text) and "<html" in text):
        return _("This is a web page with the name of a table, as many systems export it.")
    if XML.match(text):
        if "urn:schemas-microsoft-com:office:spreadsheet" in text or "excel.sheet" in text:
            return _("This is an XML Spreadsheet 2003.")
        return _("This is an XML file.")
    return None


def _decoded(head: bytes) -> str:
    is_utf_16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return head.decode("utf-16" if is_utf_16 else "utf-8", "replace").lstrip("\ufeff")


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


def _refused(kind: "Promise") -> UnreadableInput:
    return UnreadableInput(kind, advice=SAVE_AS_XLSX)
