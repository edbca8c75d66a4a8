"""One request and one reply as values, and their form as HTTP bytes; no sockets."""

import json
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

# A real answer: `application/json; encoding=utf-8`. Clients that compare it exactly fail here as they fail there.
JSON_TYPE = "application/json; encoding=utf-8"
HTML_TYPE = "text/html"


class Delivery(Enum):
    """How a reply leaves the server."""

    WHOLE = "whole"
    CUT = "cut"  # half of the promised bytes, then the end
    HANG = "hang"  # never
    RESET = "reset"  # TCP RST instead of an answer
    DRIP = "drip"  # whole, in small pieces over a long time


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query_string: str = ""
    body: bytes = b""
    ip: str = "127.0.0.1"
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """`is_success`: WeChat did what was asked, and the reply says so undamaged."""

    body: bytes
    content_type: str = JSON_TYPE
    status: int = 200
    is_success: bool = False
    delay_seconds: float = 0.0
    # from the first piece to the last, for a drip
    drip_seconds: float = 0.0
    delivery: Delivery = Delivery.WHOLE
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, keep_alive: bool, has_body: bool = True) -> bytes:
        """Status line, headers and body in one piece."""
        body = self.body[: len(self.body) // 2] if self.delivery is Delivery.CUT else self.body
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
            f"Content-Type: {self.content_type}\r\n"
            f"Content-Length: {len(self.body)}\r\n"
        )
        head = "".join([head, *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"])
        return head.encode("latin-1") + (body if has_body else b"")


def json_reply(value: Any, *, status: int = 200, is_success: bool = True) -> Reply:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(body, status=status, is_success=is_success)


def gateway_page(status: int) -> Reply:
    """What a gateway in front of WeChat says: HTML, and an HTTP status that means it."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(page.encode(), content_type=HTML_TYPE, status=status)
