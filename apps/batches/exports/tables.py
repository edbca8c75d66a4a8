"""A batch as a table: CSV that the importer takes back, and XLSX."""

import re
import tempfile
from collections.abc import Iterator
from typing import IO, Any

import openpyxl
from django.utils import timezone
from openpyxl.cell import WriteOnlyCell

from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch
from apps.codes.requests import page_to_ask
from apps.tables.csv_stream import CHUNK, csv_lines

ASKED_COLUMNS = ("scene", "page", "label", "tags", "external_id", "env_version", "width")
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
# what the importer leaves out again
RESULT_COLUMNS = (
    "wxcode_row",
    "wxcode_state",
    "wxcode_code_id",
    "wxcode_issued_at",
    "wxcode_error",
    "wxcode_errcode",
    "wxcode_rid",
    "wxcode_reason",
    "wxcode_cure",
)


def header(batch: CodeBatch) -> list[str]:
    """The titles: what was asked for, the further columns, what came of it."""
    return [*ASKED_COLUMNS, *batch.columns, *RESULT_COLUMNS]


def record(batch: CodeBatch, item: BatchItem) -> list[str]:
    """One row's cells below `header`."""
    page = page_to_ask(item.page, batch.miniprogram)
    asked = [item.scene, page, item.label, ";".join(item.tags), item.external_id, item.env_version]
    further = [str(item.extra.get(column, "")) for column in batch.columns]
    finished = timezone.localtime(item.finished_at).isoformat(timespec="seconds") if item.finished_at else ""
    numbers = [_text(item.code_id), finished, item.error, _text(item.errcode)]
    result = [str(item.row), item.state, *numbers, item.rid, item.cause, item.cure]
    return [*asked, str(item.width), *further, *result]


def export_csv(batch: CodeBatch, items: BatchItemQuerySet) -> Iterator[str]:
    """The rows `items` of `batch` as CSV, made while it is read."""
    return csv_lines(_records(batch, items))


def export_xlsx(batch: CodeBatch, items: BatchItemQuerySet) -> IO[bytes]:
    """The same as a workbook, in a temporary file that is gone when it is closed. Cells are text, never formulas."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("wxcode")
    for cells in _records(batch, items):
        sheet.append([_text_cell(sheet, cell) for cell in cells])
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    book.save(file)
    file.seek(0)
    return file


def _records(batch: CodeBatch, items: BatchItemQuerySet) -> Iterator[list[str]]:
    yield header(batch)
    for item in items.order_by("pk").iterator(chunk_size=CHUNK):
        yield record(batch, item)


def _text_cell(sheet: Any, text: str) -> Any:
    # XML loses a carriage return, and readers take _x0041_ for an A
    written = ESCAPED.sub("_x005F_", text).replace("\r", "_x000D_")
    # openpyxl would write a formula or an error
    if not text.startswith(("=", "#")):
        return written
    cell = WriteOnlyCell(sheet, written)
    cell.data_type = "s"
    return cell


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
