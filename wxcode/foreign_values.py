"""Values that no database compares with are the sender's mistake: U+0000, and numbers of thousands of digits.

Forms and the API tell them by name. Django makes a filter of whatever parameter a list of the admin has.
"""

import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.api.problems import bad_request

logger = logging.getLogger(__name__)

NULL, NULL_IN_COOKIES = "\0", "\\000"
READING = ("GET", "HEAD")
ADMIN = "/admin/"
# PostgreSQL's numeric_value_out_of_range
OUT_OF_RANGE = "22003"


class ForeignValues:
    """Middleware in front of those that read a cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if NULL in request.path_info or NULL_IN_COOKIES in request.META.get("HTTP_COOKIE", ""):
            raise BadRequest("There is a U+0000 in the address or in a cookie.")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Everything else that a form lets through, and the database does not take, is a fault of ours."""
        if not _is_out_of_range(exception) and not _is_no_question(request, exception):
            return None
        logger.warning("%s", request.path_info, exc_info=exception)
        return bad_request(request, exception)


def _is_out_of_range(exception: Exception) -> bool:
    """Whether a number is too large for its column: Django looks for the chosen rows of a form by any id."""
    state: object = getattr(exception.__cause__, "sqlstate", "")
    return isinstance(exception, OverflowError) or state == OUT_OF_RANGE


def _is_no_question(request: HttpRequest, exception: Exception) -> bool:
    """Whether nothing would be stored, and the value is one that the database cannot look for."""
    if request.method not in READING:
        return False
    # psycopg's for what is no network address
    is_filter = bool(request.GET) and request.path_info.startswith(ADMIN)
    return isinstance(exception, DataError) or (is_filter and isinstance(exception, ValueError))
