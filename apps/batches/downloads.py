"""The files of a batch: `export.zip`, `export.csv`, `export.xlsx`, `export.pdf`, sent while they are made."""

import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from django.http import FileResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.api.queries import read_choice, refuse_repeated
from apps.batches.api import get_visible_batch
from apps.batches.exports.archive import export_zip
from apps.batches.exports.layout import MOST_CAPTIONS, Layout, roll_layout, sheet_layout
from apps.batches.exports.names import safe_stem
from apps.batches.exports.sheets import OWN_COLUMNS, count_parts, export_pdf
from apps.batches.exports.tables import export_csv, export_xlsx
from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch, ItemState
from apps.clients.caller import Caller
from apps.errors import InvalidRequest, NotFound

MEDIA_TYPES = {
    "zip": "application/zip",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
LABEL_SIZE = re.compile(r"(\d{1,3}(?:\.\d)?)x(\d{1,3}(?:\.\d)?)")
STATE = OpenApiParameter("state", str, enum=ItemState.values, description="Only rows in this state.")


class AnyRenderer(BaseRenderer):
    """Whatever `Accept` says, a file is the file."""

    media_type = "*/*"
    format = "file"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


class Download(APIView):
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
    @extend_schema(
        operation_id="export_batch_csv", parameters=[STATE], responses={(200, "text/csv"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """All rows with their results; `POST batches/` takes it back, and no spreadsheet finds a formula in it."""
        return csv_file(self.find_batch(request, pk), request.query_params)


class XlsxDownload(Download):
    @extend_schema(
        operation_id="export_batch_xlsx",
        parameters=[STATE],
        responses={(200, MEDIA_TYPES["xlsx"]): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The same as a workbook."""
        return xlsx_file(self.find_batch(request, pk), request.query_params)


class PdfDownload(Download):
    @extend_schema(
        operation_id="export_batch_pdf",
        parameters=[
            OpenApiParameter("columns", int, description="Codes beside each other on A4, 3 unless told."),
            OpenApiParameter("size", float, description="Edge of a code in mm; as large as fits unless told."),
            OpenApiParameter(
                "label", str, description="Width x height of a label in mm, like 50x60: one label a page."
            ),
            OpenApiParameter(
                "caption", str, description="Columns under the code, up to three: label,seat. none: empty."
            ),
            OpenApiParameter("cut_marks", str, enum=["0", "1"], description="1 unless told; A4 only."),
            OpenApiParameter("part", int, description="Large batches come in parts of 1,000; X-Parts says how many."),
        ],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Print-ready sheets of A4, or labels for a roll."""
        return pdf_file(self.find_batch(request, pk), request.query_params)


def zip_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """The pictures with their manifest. Raises NotFound."""
    return stream(batch, "zip", export_zip(batch, issued_items(batch)))


def csv_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """The rows as CSV, `state` chooses. Raises InvalidRequest."""
    return stream(batch, "csv", export_csv(batch, chosen_items(batch, query)))


def xlsx_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """The rows as a workbook, `state` chooses. Raises InvalidRequest."""
    file = export_xlsx(batch, chosen_items(batch, query))
    # FileResponse guesses a type unless it is given this way
    return FileResponse(file, content_type=MEDIA_TYPES["xlsx"], headers=headers(batch, "xlsx"))


def pdf_file(batch: CodeBatch, query: QueryDict) -> HttpResponseBase:
    """Sheets or labels as the query wants them. Raises InvalidRequest, NotFound."""
    refuse_repeated(query, ["columns", "size", "label", "caption", "part"])
    items = issued_items(batch)
    captions = read_captions(batch, query.get("caption"))
    layout = read_layout(query, captions=len(captions))
    parts = count_parts(items)
    part = read_number(query, "part", default=1, least=1, most=parts)
    answer = FileResponse(
        export_pdf(batch, items, layout=layout, captions=captions, part=part),
        content_type=MEDIA_TYPES["pdf"],
        headers=headers(batch, "pdf", suffix=f"-{part}" if parts > 1 else ""),
    )
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


def read_layout(query: QueryDict, *, captions: int) -> Layout:
    """A roll if a label size is given, else A4. Raises InvalidRequest."""
    label = query.get("label")
    if label:
        sizes = LABEL_SIZE.fullmatch(label)
        if sizes is None:
            raise invalid("label", _("Write width x height in mm, like 50x60."))
        return roll_layout(width=float(sizes[1]), height=float(sizes[2]), captions=captions)
    size = query.get("size")
    if size and not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", size):
        raise invalid("size", _("Use millimetres, like 45 or 45.5."))
    return sheet_layout(
        columns=read_number(query, "columns", default=3, least=1, most=10),
        size=float(size) if size else None,
        captions=captions,
        has_cut_marks=read_choice(query, "cut_marks", known=["0", "1"]) != "0",
    )


def read_number(query: QueryDict, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number of the query. Raises InvalidRequest."""
    asked = query.get(name)
    if not asked:
        return default
    if not (asked.isascii() and asked.isdigit() and least <= int(asked[:9]) <= most):
        raise invalid(name, _("Use a whole number from %(least)d to %(most)d.") % {"least": least, "most": most})
    return int(asked)


def stream(batch: CodeBatch, extension: str, content: Iterable[Any]) -> StreamingHttpResponse:
    return StreamingHttpResponse(content, content_type=MEDIA_TYPES[extension], headers=headers(batch, extension))


def headers(batch: CodeBatch, extension: str, *, suffix: str = "") -> dict[str, str]:
    """The name under which a browser saves the file, and that it is not to be kept by anybody."""
    name = f"{safe_stem(batch.name, otherwise='batch')}{suffix}.{extension}"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return {
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


def invalid(field: str, message: Any) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors={field: [str(message)]})
