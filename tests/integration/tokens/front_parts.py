"""What the tests of the layer in front share: asking WSGI applications as a server would, and a readable token."""

import io
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from apps.clients.services import create_client
from apps.miniprograms.models import MiniProgram
from apps.tokens import store
from apps.tokens.front import TokenFront

APPID, OTHER_APPID = "wx0123456789abcdef", "wxfedcba9876543210"
PATH = f"/api/v1/miniprograms/{APPID}/access-token/"


@dataclass
class Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Counted:
    """A WSGI application that counts its calls; `meanwhile` runs before each answer is handed over."""

    def __init__(self, application: Any) -> None:
        self.application, self.calls = application, 0
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        response = self.application(environ, start_response)
        self.meanwhile()
        return response


class House:
    """Django, counted, and the layer in front of it."""

    def __init__(self) -> None:
        self.django = Counted(WSGIHandler())
        self.front = TokenFront(self.django)

    def is_answered_in_front(self, **environ: Any) -> bool:
        before = self.django.calls
        assert ask(self.front, **environ).status == "200 OK"
        return self.django.calls == before


def ask(application: Any, **environ: Any) -> Answer:
    """One request; `environ` holds WSGI variables, None removes one."""
    body = environ.pop("body", b"")
    defaults = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "0.0.0.0",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "testserver",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    sent = {name: value for name, value in (defaults | environ).items() if value is not None}
    started: list[Any] = []
    response = application(sent, lambda status, headers, exc_info=None: started.extend([status, headers]))
    content = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    return Answer(started[0], list(started[1]), content)


def make_key(**options: Any) -> str:
    return create_client(**({"name": "shop", "scopes": ["tokens:read"]} | options))[1]


def make_miniprogram(appid: str = APPID, **fields: Any) -> MiniProgram:
    return MiniProgram.objects.create(**{"appid": appid, "name": "Shop", "secret_ref": "env:NONE", **fields})


def store_token(value: str, *, appid: str = APPID, seconds: int = 7000) -> None:
    """Make `value` the current token; its remaining whole seconds stay the same for most of a second."""
    now = time.time()
    seen = store.find_record(appid)
    assert store.write_record(
        appid,
        value=value,
        expires_at=math.ceil(now) + seconds + (now - math.floor(now)) - 0.05,
        source="stable",
        now=now,
        seen_version=seen.version if seen else 0,
        is_old_rejected=True,
    )
