"""XLSX files for tests: the rows of a sheet as XML, and what is odd about the package around them."""

import io
import zipfile
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STRICT = {
    MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
    RELATIONS: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}


def text(place, value):
    """A cell with a text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def number(place, value, style=0):
    """A cell with a number in one of the formats of the package."""
    return f'<c r="{place}" s="{style}"><v>{value}</v></c>'


def table(*rows, number=1, merged=()):
    """A sheet: each row is a list of texts, or the XML of its cells."""
    xml = ""
    for row, cells in enumerate(rows, start=number):
        if not isinstance(cells, str):
            cells = "".join(text(f"{chr(65 + index)}{row}", cell) for index, cell in enumerate(cells) if cell)
        xml += f'<row r="{row}">{cells}</row>'
    areas = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
    return f'<worksheet xmlns="{MAIN}"><sheetData>{xml}</sheetData><mergeCells>{areas}</mergeCells></worksheet>'


BASE = table(["scene", "label"], ["s0", "l0"], ["s1", "l1"], ["s2", "l2"])
BASE_ROWS = [(row, {"scene": f"s{row - 2}", "label": f"l{row - 2}"}) for row in (2, 3, 4)]


def package(*sheets, states=(), active=0, formats=(), texts=None, recalculate=False, is_strict=False, **parts):
    """A file with these sheets. `formats` are those of the styles from 1 on, `parts` further members by their name."""
    relations = [(f"r{n}", "worksheet", f"worksheets/sheet{n + 1}.xml") for n in range(len(sheets))]
    relations += [("styles", "styles", "styles.xml"), ("texts", "sharedStrings", "/xl/sharedStrings.xml")]
    members = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": _relations([("main", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(states or ["visible"] * len(sheets), active, recalculate),
        "xl/_rels/workbook.xml.rels": _relations(relations),
        "xl/styles.xml": _styles(formats),
        "xl/sharedStrings.xml": texts or f'<sst xmlns="{MAIN}"/>',
        **{f"xl/worksheets/sheet{n + 1}.xml": sheet for n, sheet in enumerate(sheets)},
        **parts,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            for usual, strict in STRICT.items() if is_strict else ():
                content = content.replace(usual, strict)
            archive.writestr(name, content)
    return file


def _workbook(states, active, recalculate):
    sheets = "".join(
        f'<sheet name="Sheet{n + 1}" sheetId="{n + 1}" state="{state}" r:id="r{n}"/>' for n, state in enumerate(states)
    )
    return (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><bookViews><workbookView activeTab="{active}"/></bookViews>'
        f'<sheets>{sheets}</sheets><calcPr fullCalcOnLoad="{int(recalculate)}"/></workbook>'
    )


def _styles(formats):
    codes = enumerate((escape(code, {'"': "&quot;"}) for code in formats), start=200)
    own = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in codes)
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(len(formats)))
    # openpyxl refuses an empty fill
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{own}</numFmts><fills><fill/></fills>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'
    )


def _relations(found):
    items = "".join(
        f'<Relationship Id="{id}" Type="{RELATIONS}/{kind}" Target="{place}"/>' for id, kind, place in found
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{items}</Relationships>'
