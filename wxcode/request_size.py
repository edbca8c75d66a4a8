"""Requests that carry more than they may are refused, by the announced length before any of it is read.

Django looks for the CSRF token in a form and puts the files in it on the disk to find it, however large they are
and whoever sent them.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.api.errors import BodyLengthMissing

# a table of a batch (apps.batches.bodies) with the form around it
MOST_BYTES = 33_000_000
# these ask who it is before they read, and have answers of their own for what is too long
OWN_READERS = ("/api/", "/wechat/")
# set by the layer in front (incoming.py) for a body without a length that is too long to be read
BODY_REFUSED = "wxcode.body_refused"


class RequestSize:
    """Middleware behind those that know the user; raises RequestDataTooBig."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if BODY_REFUSED in request.META:
            raise BodyLengthMissing("The body has no length and is too long to be read without one.")
        size = _announced(request)
        if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and size > _most(request):
            raise RequestDataTooBig("The body is larger than this sender may send here.")
        return self.get_response(request)


def _announced(request: HttpRequest) -> int:
    """Bytes of the body."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _most(request: HttpRequest) -> int:
    # who this is costs a query, and is asked for large bodies only
    if request.path_info.startswith(OWN_READERS) or request.user.is_authenticated:
        return MOST_BYTES
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
