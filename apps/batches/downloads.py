"""The files of a batch: `export.zip`, `export.csv`, `export.xlsx`, `export.pdf`, sent while they are made."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpResponseBase, QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.api.parameters import OwnParametersOnly
from apps.api.queries import read_choice, refuse_repeated
from apps.batches.api import get_visible_batch
from apps.batches.exports.archive import export_zip
from apps.batches.exports.sheets import OWN_COLUMNS, export_pdf
from apps.batches.exports.tables import export_csv, export_xlsx
from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch, ItemState
from apps.clients.caller import Caller
from apps.errors import NotFound
from apps.exports.files import MEDIA_TYPES, send, stream
from apps.exports.layout import MOST_CAPTIONS
from apps.exports.names import safe_stem
from apps.exports.sheet_options import invalid, read_layout, read_number
from apps.exports.sheets import count_parts

STATE = OpenApiParameter("state", str, enum=ItemState.values, description="Only rows in this state.")
SHEET = [
    OpenApiParameter("columns", int, description="Codes beside each other on A4, 3 unless told."),
    OpenApiParameter("size", float, description="Edge of a code in mm; as large as fits unless told."),
    OpenApiParameter("label", str, description="Width x height of a label in mm, like 50x60: one label a page."),
    OpenApiParameter("caption", str, description="Columns under the code, up to three: label,seat. none: empty."),
    OpenApiParameter("cut_marks", str, enum=["0", "1"], description="1 unless told; A4 only."),
    OpenApiParameter("part", int, description="Large batches come in parts of 1,000; X-Parts says how many."),
]


class AnyRenderer(BaseRenderer):
    """Whatever `Accept` says, a file is the file."""

    media_type = "*/*"
    format = "file"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


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
        """The same as a workbook."""
        return xlsx_file(self.find_batch(request, pk), request.query_params)


class PdfDownload(Download):
    query_parameters = {"GET": [parameter.name for parameter in SHEET]}

    @extend_schema(
        operation_id="export_batch_pdf",
        parameters=SHEET,
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Print-ready sheets of A4, or labels for a roll. A character that no font of them has is printed as □."""
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
    refuse_repeated(query, ["columns", "size", "label", "caption", "part"])
    items = issued_items(batch)
    captions = read_captions(batch, query.get("caption"))
    layout = read_layout(query, captions=len(captions))
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
        raise NotFound(_("No code of this batch has been issued yet."), advice=_("Come back when it has begun."))
    return items


def chosen_items(batch: CodeBatch, query: QueryDict) -> BatchItemQuerySet:
    """All rows, or those in the one state that the query names. Raises InvalidRequest."""
    items: BatchItemQuerySet = BatchItem.objects.filter(batch=batch)
    state = read_choice(query, "state", known=ItemState.values)
    return items.filter(state=state) if state else items


def read_captions(batch: CodeBatch, asked: str | None) -> list[str]:
    """The columns under each code. Raises InvalidRequest for one that the batch does not have."""
    if asked is None:
        return ["label"]
    names = [name.strip() for name in asked.split(",") if name.strip() and name.strip() != "none"]
    known = [*OWN_COLUMNS, *batch.columns]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise invalid("caption", _("There is no column %(name)s; there are %(known)s.") % {
            "name": unknown[0][:60], "known": ", ".join(known)[:500]})  # fmt: skip
    if len(names) > MOST_CAPTIONS:
        raise invalid("caption", _("At most %(most)d.") % {"most": MOST_CAPTIONS})
    return names


def file_stem(batch: CodeBatch) -> str:
    """What its files are called, without the extension."""
    return safe_stem(batch.name, otherwise="batch")
