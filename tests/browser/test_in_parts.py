"""A page that comes line by line pushes nothing about: the panel of the login, once centred, rose with every line."""

import mimetypes
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser

from tests.browser.conftest import NARROW, WIDE
from tests.browser.test_calm_pages import LIMIT, WATCH_SHIFTS, shift_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
# longer than the time between two pictures of a busy browser
PAUSE_SECONDS = 0.12
# as it was: the parts before the last are in the middle of what is there
CENTRED = "<style>.plain { justify-content: center !important; padding-top: 0 !important; }</style></head>"


class Slow(BaseHTTPRequestHandler):
    """Answers /page with `content`, a line of the body after the other, and static files at once."""

    content = b""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "text/html; charset=utf-8")
        self.end_headers()
        if path.startswith(settings.STATIC_URL):
            self.wfile.write(Path(str(finders.find(path.removeprefix(settings.STATIC_URL)))).read_bytes())
            return
        head, body = self.content.split(b"<body>")
        self.wfile.write(head + b"<body>")
        for line in body.splitlines(keepends=True):
            self.wfile.write(line)
            time.sleep(PAUSE_SECONDS)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def slow() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page"
    server.shutdown()
    server.server_close()


def shift_in(chromium: Browser, address: str, viewport: Any) -> float:
    with chromium.new_context(viewport=viewport) as context:
        page = context.new_page()
        page.add_init_script(WATCH_SHIFTS)
        return shift_of(page, address)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(("path", "status"), [("/login/", 200), ("/nothing/here/", 404)])
def test_nothing_is_pushed_about(chromium: Browser, slow: str, viewport: Any, path: str, status: int) -> None:
    answer = Client().get(path)
    assert answer.status_code == status
    Slow.content = answer.content
    assert shift_in(chromium, slow, viewport) < LIMIT


def test_a_panel_in_the_middle_would_be_seen(chromium: Browser, slow: str) -> None:
    Slow.content = Client().get("/login/").content.replace(b"</head>", CENTRED.encode())
    assert shift_in(chromium, slow, NARROW) > LIMIT
