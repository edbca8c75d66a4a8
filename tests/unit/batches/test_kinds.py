"""A file that is no table wxcode reads is called by its name, with what to do."""

import io
import zipfile

import pytest

from apps.batches.errors import UnreadableInput
from apps.batches.reading.kinds import OLE2, is_xlsx
from tests.unit.batches.packages import BASE, package


def archive(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


def ole2(stream):
    return OLE2 + bytes(504) + stream.encode("utf-16-le") + bytes(88)


SPREADSHEET_2003 = b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>'
KINDS = [
    (b"<html><meta charset=gb2312><table><tr><td>scene", "web page"),
    (b"\xef\xbb\xbf\r\n<!-- made by --> <!DOCTYPE html>", "web page"),
    ("\ufeff<table><tr>".encode("utf-16-le"), "web page"),
    (b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "web page"),
    (SPREADSHEET_2003, "XML Spreadsheet 2003"),
    (b"<?xml version='1.0'?><rows/>", "XML file"),
    (ole2(""), ".xls.*password"),
    (ole2("Workbook"), r"\.xls"),
    (ole2("EncryptedPackage"), "protected by a password"),
    (b"\x09\x04\x06\x00\x00\x00\x10\x00", r"\.xls"),
    (archive("xl/workbook.bin", "[Content_Types].xml"), r"\.xlsb"),
    (archive("Index/Document.iwa"), "Numbers"),
    (archive("mimetype", "content.xml"), r"\.ods"),
    (archive("word/document.xml", "[Content_Types].xml"), "Word"),
    (archive("readme.txt"), "zip archive"),
    (b"%PDF-1.7", "PDF"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\x1f\x8b\x08", "archive"),
]


@pytest.mark.parametrize(("content", "words"), KINDS)
def test_another_kind_of_file_is_named_with_the_cure(content, words):
    with pytest.raises(UnreadableInput, match=words) as refused:
        is_xlsx(io.BytesIO(content))
    assert refused.value.advice


@pytest.mark.parametrize(
    "content", [b"scene\na<html>\n", b"PK,scene\n", b"scene\nx\0y\n", "scene\n".encode("utf-16"), b""]
)
def test_a_text_is_a_text(content):
    assert not is_xlsx(io.BytesIO(content))


def test_a_workbook_is_one_whatever_it_is_called_inside():
    assert is_xlsx(package(BASE))
    assert is_xlsx(io.BytesIO(b"\r\n" + package(BASE).getvalue()))
    assert is_xlsx(io.BytesIO(archive("[Content_Types].xml", "xl/workbook2.xml")))
