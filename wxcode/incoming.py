"""A WSGI layer that brings requests into the one form that Django reads: a body with a length, a query in UTF-8.

Django takes a body without Content-Length (`Transfer-Encoding: chunked`, HTTP/2) for an empty one, and reads the query
and forms in the charset that the Content-Type names, whatever codec of Python's that is.
"""

import io
from collections.abc import Iterable
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.utils.http import parse_header_parameters

from apps.api.parsers import CHARSET
from wxcode.request_size import BODY_REFUSED

BODILESS_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
PIECE_BYTES = 65_536


class Incoming:
    """Changes the environment of a request, and nothing of the answer."""

    def __init__(self, django: WSGIApplication) -> None:
        self._django = django

    def __call__(self, request: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _take_script_name_off(request)
        _set_charset_aside(request)
        if _has_no_length(request):
            _measure_body(request)
        return self._django(request, start_response)


def _take_script_name_off(request: WSGIEnvironment) -> None:
    """A proxy may pass the path on with SCRIPT_NAME in front of it, or without."""
    path, name = request["PATH_INFO"], settings.SCRIPT_NAME
    if name and (path == name or path.startswith(f"{name}/")):
        request["PATH_INFO"] = path.removeprefix(name) or "/"


def _set_charset_aside(request: WSGIEnvironment) -> None:
    """The charset is for the JSON parser alone: pages of ours send UTF-8, and a query has no charset."""
    content_type = request.get("CONTENT_TYPE") or ""
    if ";" not in content_type:
        return
    try:
        media_type, parameters = parse_header_parameters(content_type)
    except (ValueError, LookupError):
        request["CONTENT_TYPE"] = content_type.partition(";")[0].strip()
        return
    charsets = {name: value for name, value in parameters.items() if name.lower() == "charset"}
    if charsets:
        kept = [(name, value) for name, value in parameters.items() if name not in charsets]
        request["CONTENT_TYPE"] = "; ".join([media_type, *(f'{name}="{_escaped(value)}"' for name, value in kept)])
        request[CHARSET] = next(iter(charsets.values()))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _has_no_length(request: WSGIEnvironment) -> bool:
    if request.get("HTTP_TRANSFER_ENCODING"):
        # it counts where both are there (RFC 9112, 6.3)
        return True
    has_body = request["REQUEST_METHOD"] not in BODILESS_METHODS and not request.get("CONTENT_LENGTH")
    # a server that does not say so may wait for more at the end of the body
    return has_body and bool(request.get("wsgi.input_terminated"))


def _measure_body(request: WSGIEnvironment) -> None:
    """Read the body as far as any sender may send without a length; RequestSize refuses one that is longer."""
    stream: IO[bytes] = request["wsgi.input"]
    most, pieces, size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, [], 0
    while size <= most and (piece := stream.read(PIECE_BYTES)):
        pieces.append(piece)
        size += len(piece)
    if size > most:
        request[BODY_REFUSED] = True
        pieces, size = [], 0
    request["wsgi.input"] = io.BytesIO(b"".join(pieces))
    request["CONTENT_LENGTH"] = str(size)
