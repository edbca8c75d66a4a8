"""Whom the service ever connects to: nothing that a caller writes becomes a host."""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.clients.services import create_client
from tests.conftest import BASE_DIR
from tests.integration.gallery.staff import make_staff
from tests.parts import make_api, make_miniprogram

# rooms and files that may open a connection, and to whom; everything else must go through them
OPENERS = {
    "apps/wechat": "WECHAT_API_BASE or SANDBOX_URL",
    "apps/coordination": "REDIS_URL",
    "apps/sandbox": "nobody: it is a server",
    "apps/batches/engine.py": "nobody: the name of this machine",
    "wxcode/error_reports.py": "SENTRY_DSN",
    "wxcode/stack": "this machine, under `make run`",
    "wxcode/celery.py": "REDIS_URL",
}
LIBRARIES = {"requests", "urllib3", "http", "socket", "socketserver", "ftplib", "smtplib", "telnetlib", "redis"}
LIBRARIES |= {"httpx", "aiohttp", "xmlrpc", "asyncio", "sentry_sdk", "boto3", "ldap3", "paramiko"}
EVIL = "evil.example"


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        found |= {"urllib3" if name.startswith("urllib.request") else name.split(".")[0] for name in names}
    return found


def test_only_known_places_can_open_a_connection():
    for path in [*BASE_DIR.glob("apps/**/*.py"), *BASE_DIR.glob("wxcode/**/*.py")]:
        name = str(path.relative_to(BASE_DIR))
        if imported(path) & LIBRARIES:
            assert any(name.startswith(place) for place in OPENERS), f"{name} imports {imported(path) & LIBRARIES}"


class Listener:
    """Hears of every connection that this process opens, by Python's audit events."""

    def __init__(self) -> None:
        self.is_listening = False
        self.hosts: set[str] = set()

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_listening and event == "socket.connect" and isinstance(arguments[1], tuple):
            self.hosts.add(f"{arguments[1][0]}:{arguments[1][1]}")
        if self.is_listening and event == "socket.getaddrinfo":
            self.hosts.add(f"{arguments[0]}:{arguments[1]}")


# an audit hook is for ever, so there is one
HOOK = Listener()
sys.addaudithook(HOOK)


@pytest.fixture
def heard() -> Iterator[Listener]:
    HOOK.hosts, HOOK.is_listening = set(), True
    yield HOOK
    HOOK.is_listening = False


def allowed(sandbox: Any) -> set[str]:
    addresses = [sandbox.url, settings.REDIS_URL]
    database = settings.DATABASES["default"]
    hosts = {f"{urlsplit(address).hostname}:{urlsplit(address).port}" for address in addresses}
    return hosts | {f"{database.get('HOST')}:{database.get('PORT')}"}


@pytest.mark.django_db
def test_what_callers_write_never_becomes_a_host(sandbox, heard, client, settings):
    # other timeouts make another client: the one of earlier tests has its connections open already
    settings.WECHAT_CONNECT_TIMEOUT = 2.75
    shop = make_miniprogram(sandbox, default_page="pages/index/index")
    address = f"http://{EVIL}/x"
    headers = {"x-forwarded-host": EVIL, "referer": address, "forwarded": f"host={EVIL}", "x-original-url": address}
    api = make_api()
    facts = {"appid": shop.appid, "scene": "a=1", "label": address, "external_id": address, "tags": [address]}
    assert api.post("/api/v1/codes/", facts, format="json", headers=headers).status_code == 201
    for field in ("page", "path", "scene", "kind", "line_color", "env_version", "url", "base_url", "callback"):
        api.post("/api/v1/codes/", facts | {"scene": "b=2", field: address}, format="json", headers=headers)
    api.get("/api/v1/codes/", {"search": address, "cursor": address, "page": address}, headers=headers)
    rows = {"appid": shop.appid, "items": [{"scene": "c=1", "label": address}]}
    api.post("/api/v1/batches/", rows, format="json", headers=headers)
    table = SimpleUploadedFile("http.csv", f"scene,label\nd=1,{address}\n".encode(), content_type="text/csv")
    api.post("/api/v1/batches/", {"appid": shop.appid, "file": table}, headers=headers)
    _caller, key = create_client(name="sdk", scopes=["tokens:read", "codes:create"])
    asked = {"grant_type": "client_credential", "appid": shop.appid, "secret": key}
    token = client.get("/wechat/cgi-bin/token", asked, headers=headers).json()["access_token"]
    body = json.dumps({"scene": "e=1", "page": address, "callback": address})
    client.post(f"/wechat/wxa/getwxacodeunlimit?access_token={token}&host={EVIL}", body, content_type="text/plain")
    client.force_login(make_staff())
    client.post("/make/", {"miniprogram": shop.pk, "scene": "f=1", "page": address}, headers=headers)
    client.post("/login/", {"username": address, "password": "x", "next": address}, headers=headers)
    assert f"{urlsplit(sandbox.url).hostname}:{urlsplit(sandbox.url).port}" in heard.hosts, "the ear works"
    assert heard.hosts <= allowed(sandbox)


def test_a_redirect_of_wechat_is_not_followed(raw_redirect, heard):
    from apps.wechat.client import WeChatClient
    from apps.wechat.errors import WeChatError

    client = WeChatClient(raw_redirect, connect_timeout=1, token_timeout=2, code_timeout=2)
    with pytest.raises(WeChatError):
        client.stable_token(appid="wx0123456789abcdef", secret="0" * 32)
    assert not [host for host in heard.hosts if EVIL in host]


@pytest.fixture
def raw_redirect() -> Iterator[str]:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"http://{EVIL}/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
