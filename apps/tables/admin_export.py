"""Lists of the admin that are history: nobody changes them, and what is filtered can be taken along as CSV."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone

from apps.tables.csv_stream import CHUNK, csv_lines


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """History is not edited, and to see it takes the permission to view, not to change."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.view_{self.opts.model_name}"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CsvExport(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list with a link that downloads all rows that match its present filters, not only the page.

    `csv_columns`: title -> what a row has there. Times are written in the service's zone, None as an empty cell.
    """

    csv_columns: ClassVar[dict[str, Callable[[Any], object]]] = {}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_csv)
        return [path("export.csv", view, name=self._csv_name()), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        address = reverse(f"admin:{self._csv_name()}")
        query = request.GET.urlencode()
        context = {"csv_address": f"{address}?{query}" if query else address, **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def export_csv(self, request: HttpRequest) -> HttpResponseBase:
        """The rows that the list would show with this query string, as a download made while it is read."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{reverse(f'admin:{self._list_name()}')}?e=1")
        name = f"wxcode-{self.opts.model_name}-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(csv_lines(self._records(rows)), content_type="text/csv", headers=headers)

    def _records(self, rows: Any) -> Iterator[list[str | int]]:
        yield list(self.csv_columns)
        for row in rows.order_by("-pk").iterator(chunk_size=CHUNK):
            yield [_cell(read(row)) for read in self.csv_columns.values()]

    def _csv_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_csv"

    def _list_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_changelist"


def _cell(value: object) -> str | int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return str(value)
