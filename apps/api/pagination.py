"""Lists come newest first, page by page, with a cursor that new rows do not disturb."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from apps.api.errors import InvalidCursor
from apps.errors import InvalidRequest


class NewestFirst(CursorPagination):
    """Answers `{"next", "previous", "results"}`; `?limit=` sets the page, 50 unless told, 200 at most."""

    ordering = ("-id",)
    page_size = 50
    page_size_query_param = "limit"
    page_size_query_description = "Results per page (default 50, maximum 200)."
    max_page_size = 200
    cursor_query_description = "Position in the list. Take it from `next` or `previous`; don’t construct it."

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("limit", "")
        if not asked:
            return NewestFirst.page_size
        if not (asked.isascii() and asked.isdigit()) or int(asked[:9]) == 0:
            raise _invalid_limit(_("“%(asked)s” is not a whole number from 1 to 200.") % {"asked": asked[:20]})
        if int(asked[:9]) > NewestFirst.max_page_size:
            raise _invalid_limit(
                _("%(asked)s is over the limit of 200. Request 1 to 200 and follow `next` for the rest.")
                % {"asked": asked[:20]}
            )
        return int(asked)

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except NotFound as exc:
            raise invalid_cursor() from exc
        # the position goes into a filter on an integer column
        if cursor is not None and cursor.position is not None and not is_row_number(str(cursor.position)):
            raise invalid_cursor()
        return cursor

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in described:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_page_size,
                    "default": self.page_size,
                }
        return described

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        return described | {"required": ["next", "previous", "results"]}


def _invalid_limit(message: Any) -> InvalidRequest:
    return InvalidRequest(f"limit: {message}", errors={"limit": [message]})


def invalid_cursor() -> InvalidCursor:
    return InvalidCursor(
        _("This cursor does not belong to this list."),
        advice=_("Use the URL in `next` or `previous`, or omit `cursor` to start with the newest."),
    )


def is_row_number(position: str) -> bool:
    return position.isascii() and position.isdigit() and len(position) <= 19
