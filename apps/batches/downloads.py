"""The files of a batch: `export.zip`, `export.csv`, `export.xlsx`, `export.pdf`, sent while they are made."""

from collections.abc import Callable
from typing import cast

from django.http import HttpResponseBase, QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from apps.api.negotiation import AnyRenderer
from apps.api.parameters import OwnParametersOnly
from apps.api.queries import read_choice, refuse_repeated
from apps.batches.api import get_visible_batch
from apps.batches.exports.archive import export_zip
from apps.batches.exports.sheets import caption_columns, export_pdf
from apps.batches.exports.tables import export_csv, export_xlsx
from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch, ItemState
from apps.clients.caller import Caller
from apps.errors import NotFound
from apps.exports.captions import read_captions
from apps.exports.files import MEDIA_TYPES, send, stream
from apps.exports.names import safe_stem
from apps.exports.outlines import draw_test_page
from apps.exports.sheet_options import PARAMETERS, is_test_page, read_layout, read_number
from apps.exports.sheets import count_parts
from apps.exports.stickers import PAPERS, PRESETS

STATE = OpenApiParameter("state", str, enum=ItemState.values, description="Only rows in this state.")
SHEET = [
    OpenApiParameter("columns", int, description="Codes per row: on A4 3 by default, on stickers as many as fit."),
    OpenApiParameter("size", float, description="Edge of a code in mm; as large as possible by default."),
    OpenApiParameter("label", str, description="Sticker of a roll, width x height in mm, like 50x60: one a page."),
    OpenApiParameter("caption", str, description="Columns for the captions, up to three: label,seat. none: empty."),
    OpenApiParameter("cut_marks", str, enum=["0", "1"], description="1 by default; A4 without stickers only."),
    OpenApiParameter("part", int, description="Large batches come in parts of 1,000; X-Parts contains their number."),
    OpenApiParameter("preset", str, enum=list(PRESETS), description="A sheet of stickers as it is sold."),
    OpenApiParameter("sticker_width", float, description="Any other sheet of stickers: width of one, in mm."),
    OpenApiParameter("sticker_height", float, description="Height of a sticker in mm."),
    OpenApiParameter("rows", int, description="Rows of stickers; as many as fit by default."),
    OpenApiParameter("gap_x", float, description="Horizontal gap between stickers in mm; 0 by default."),
    OpenApiParameter("gap_y", float, description="Vertical gap between stickers in mm; 0 by default."),
    OpenApiParameter("margin_left", float, description="From the edge of the paper, in mm; centred by default."),
    OpenApiParameter("margin_top", float, description="From the edge of the paper, in mm; centred by default."),
    OpenApiParameter("paper", str, enum=list(PAPERS), description="Paper of the stickers; a4 by default."),
    OpenApiParameter("start", int, description="First free sticker of the first sheet, row by row; 1 by default."),
    OpenApiParameter(
        "caption_position",
        str,
        enum=["below", "beside"],
        description="Captions on stickers; by default beside the code on sheets of wide ones, else below it.",
    ),
    OpenApiParameter("test_page", str, enum=["0", "1"], description="1: outlines and rulers instead of the codes."),
]


class Download(OwnParametersOnly):
    """What all downloads share: who may, and under which name."""

    required_scopes = {"GET": "codes:read"}
    renderer_classes = [AnyRenderer]

    def find_batch(self, request: Request, pk: int) -> CodeBatch:
        return get_visible_batch(cast(Caller, request.auth), pk)


class ZipDownload(Download):
    @extend_schema(operation_id="export_batch_zip", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The pictures, named by label or scene, with manifest.csv; sent while it is made."""
        return zip_file(self.find_batch(request, pk), request.query_params)


class CsvDownload(Download):
    query_parameters = {"GET": [STATE.name]}

    @extend_schema(
        operation_id="export_batch_csv", parameters=[STATE], responses={(200, "text/csv"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """All rows with their results; `POST batches/` takes it back, and no spreadsheet finds a formula in it."""
        return csv_file(self.find_batch(request, pk), request.query_params)


class XlsxDownload(Download):
    query_parameters = {"GET": [STATE.name]}

    @extend_schema(
        operation_id="export_batch_xlsx",
        parameters=[STATE],
        responses={(200, MEDIA_TYPES["xlsx"]): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Get all rows with their results as XLSX."""
        return xlsx_file(self.find_batch(request, pk), request.query_params)


class PdfDownload(Download):
    query_parameters = {"GET": [parameter.name for parameter in SHEET]}

    @extend_schema(
        operation_id="export_batch_pdf",
        parameters=SHEET,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Codes to print: A4 to be cut, sheets of stickers, or a roll. A character that no font has is printed as □."""
        return pdf_file(self.find_batch(request, pk), request.query_params)


def zip_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """The pictures with their manifest. Raises NotFound."""
    return stream(file_stem(batch), "zip", export_zip(batch, issued_items(batch)))


def csv_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """The rows as CSV, `state` chooses. Raises InvalidRequest."""
    return stream(file_stem(batch), "csv", export_csv(batch, chosen_items(batch, query)))


def xlsx_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """The rows as a workbook, `state` chooses. Raises InvalidRequest."""
    return send(file_stem(batch), "xlsx", export_xlsx(batch, chosen_items(batch, query)))


def pdf_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """Sheets or labels as the query wants them. Raises InvalidRequest, NotFound."""
    refuse_repeated(query, [*PARAMETERS, "part"])
    items = issued_items(batch)
    captions = read_captions(query.get("caption"), known=caption_columns(batch))
    layout = read_layout(query, captions=len(captions))
    if is_test_page(query):
        return send(f"{file_stem(batch)}-test", "pdf", draw_test_page(batch.name, layout))
    parts = count_parts(items.count())
    part = read_number(query, "part", default=1, least=1, most=parts)
    name = f"{file_stem(batch)}-{part}" if parts > 1 else file_stem(batch)
    answer = send(name, "pdf", export_pdf(batch, items, layout=layout, captions=captions, part=part))
    answer["X-Parts"] = str(parts)
    return answer


FILES: dict[str, Callable[[CodeBatch, QueryDict], HttpResponseBase]] = {
    "zip": zip_file,
    "csv": csv_file,
    "xlsx": xlsx_file,
    "pdf": pdf_file,
}


def issued_items(batch: CodeBatch) -> BatchItemQuerySet:
    """Rows that have a code. Raises NotFound if there are none yet."""
    items: BatchItemQuerySet = BatchItem.objects.filter(batch=batch, state=ItemState.ISSUED)
    if not items.exists():
        raise NotFound(
            _("No code of this batch has been created yet."), advice=_("Try again once the batch has started.")
        )
    return items


def chosen_items(batch: CodeBatch, query: QueryDict) -> BatchItemQuerySet:
    """All rows, or those in the one state that the query names. Raises InvalidRequest."""
    items: BatchItemQuerySet = BatchItem.objects.filter(batch=batch)
    state = read_choice(query, "state", known=ItemState.values)
    return items.filter(state=state) if state else items


def file_stem(batch: CodeBatch) -> str:
    """What its files are called, without the extension."""
    return safe_stem(batch.name, otherwise="batch")
