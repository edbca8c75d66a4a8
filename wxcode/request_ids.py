"""One id per request: in the answer's header, in every log record of the request, and one log line at its end."""

import logging
import re
import secrets
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger("wxcode.requests")

HEADER = "X-Request-Id"
# what a proxy in front may choose; anything else, such as a line break, is replaced by an id of ours
PLAIN = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET_PATHS = ("/healthz", "/readyz", "/metrics")

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIds:
    """A WSGI layer around Django. The answer object goes through untouched, only its headers get one more."""

    def __init__(self, django: WSGIApplication) -> None:
        self._django = django

    def __call__(self, request: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        given = str(request.get("HTTP_X_REQUEST_ID", ""))
        name = given if PLAIN.fullmatch(given) else secrets.token_hex(12)
        request_id.set(name)
        started = time.monotonic()

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self._note(request, status, started)
            return start_response(status, [*headers, (HEADER, name)], *rest)

        return self._django(request, start)

    def _note(self, request: WSGIEnvironment, status: str, started: float) -> None:
        path = str(request.get("PATH_INFO", ""))
        if path in QUIET_PATHS:
            return
        milliseconds = round((time.monotonic() - started) * 1000)
        facts = {"method": request.get("REQUEST_METHOD"), "path": path, "duration_ms": milliseconds}
        code = int(status[:3])
        # without the query, which may hold a credential on WeChat's own paths
        logger.info("%s %r %d in %d ms", facts["method"], path, code, milliseconds, extra=facts | {"status": code})


class RequestIdFilter(logging.Filter):
    """Gives every record the id of the request that it belongs to; empty outside of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        # what was answered in front of RequestIds says itself that it has none
        record.request_id = getattr(record, "request_id", request_id.get())
        return True
