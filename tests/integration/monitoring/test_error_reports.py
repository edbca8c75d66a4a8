"""Sentry: nothing without a DSN; with one, errors without variables, bodies, queries and credentials."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from wxcode.error_reports import without_credentials

SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "99_" + "T" * 130


@pytest.fixture
def sentry():
    """A server that keeps what is reported to it."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(gzip.decompress(body).decode() if self.headers["Content-Encoding"] == "gzip" else str(body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://public@127.0.0.1:{server.server_port}/1", received
    server.shutdown()
    server.server_close()


def test_an_error_is_reported_without_its_credentials(sentry, run_manage, process_environment, transactional_db):
    dsn, received = sentry
    code = f"""
import logging
secret_value = "{SECRET}"
try:
    raise ValueError("access_token={TOKEN} for {SECRET}")
except ValueError:
    logging.getLogger("x").exception("it failed")
import sentry_sdk; sentry_sdk.flush(5)
"""
    finished = run_manage("shell", "--no-imports", "-c", code, env=process_environment | {"SENTRY_DSN": dsn})
    assert finished.returncode == 0, finished.stderr
    text = "\n".join(received)
    assert "it failed" in text and "ValueError" in text
    # the source lines around an error are the program's own text; the shell's program is not in a file
    assert [value for value in (SECRET, TOKEN) if value in text] == []


def test_without_a_dsn_the_library_is_not_even_imported(run_manage, transactional_db):
    finished = run_manage("shell", "--no-imports", "-c", "import sys; print('sentry_sdk' in sys.modules)")
    assert finished.stdout.strip() == "False", finished.stderr


def test_a_request_keeps_method_and_path_only():
    event = {
        "request": {
            "method": "GET",
            "url": f"http://x/cgi-bin/token?secret={SECRET}",
            "query_string": f"secret={SECRET}",
            "headers": {"Authorization": f"Bearer {TOKEN}"},
            "cookies": {"sessionid": "s" * 32},
            "data": {"secret": SECRET},
        }
    }
    assert without_credentials(event) == {"request": {"method": "GET", "url": "http://x/cgi-bin/token"}}
    assert json.dumps(without_credentials({"extra": [TOKEN, (SECRET,)]})) == '{"extra": ["[removed]", ["[removed]"]]}'
