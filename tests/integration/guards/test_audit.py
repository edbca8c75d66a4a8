"""`make audit` against an advisory service of our own over real HTTP: found, clean, and the ways of not knowing."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
SCRIPT = BASE_DIR / ".ci/audit.py"
CLEAN, FOUND, NOT_AUDITED = 0, 1, 2


def advisory(name: str) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9"}]}]
    affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
    return {"id": "GHSA-test-0001", "summary": "a hole", "affected": affected}


class Advisories:
    """What the service says: `bad` packages have a hole; `status` and `body` replace its answers after `after`."""

    def __init__(self) -> None:
        self.bad: set[str] = set()
        self.status, self.body, self.after = 200, b"", 10**6
        self.asked: list[str] = []

    def answer(self, question: Any) -> tuple[int, bytes]:
        name = question["package"]["name"]
        self.asked.append(name)
        if len(self.asked) > self.after:
            return self.status, self.body
        return 200, json.dumps({"vulns": [advisory(name)]} if name in self.bad else {}).encode()


@pytest.fixture
def service() -> Iterator[Any]:
    said = Advisories()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = said.answer(question)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.url = f"http://127.0.0.1:{server.server_port}/v1/query"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield said
    server.shutdown()
    thread.join()
    server.server_close()


def audit(url: str, *files: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment |= {"OSV_URL": url, "AUDIT": ""} | variables
    command = [sys.executable, str(SCRIPT), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    pinned = ("left-pad==1.0", "right_pad==2.1", "other==3 ; sys_platform == 'win32'")
    # with hashes of files, as `make lock` writes them
    path.write_text("".join(f"{pin} \\\n    --hash=sha256:{'0' * 64}\n" for pin in pinned))
    return path


@pytest.mark.parametrize("mode", ["", "required", "if-reachable"])
def test_a_known_vulnerability_fails(service, pins, mode):
    service.bad = {"right-pad"}
    done = audit(service.url, pins, AUDIT=mode)
    assert done.returncode == FOUND
    assert "right-pad 2.1: GHSA-test-0001, mended in 9.9" in done.stderr


def test_without_one_it_passes_and_says_how_many_were_asked_for(service, pins):
    done = audit(service.url, pins)
    assert (done.returncode, done.stdout) == (CLEAN, "Audited 2 packages: no known vulnerabilities.\n"), done.stderr
    assert {"left-pad", "right-pad"} <= set(service.asked)


def test_all_our_pins_are_asked_for(service):
    done = audit(service.url)
    assert done.returncode == CLEAN, done.stderr
    assert {"django", "django-axes", "pytest", "granian"} <= set(service.asked)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_service_out_of_reach_fails_unless_that_was_allowed(pins):
    for url in (f"http://127.0.0.1:{closed_port()}/", "http://no-such-host.invalid/"):
        done = audit(url, pins)
        assert done.returncode == NOT_AUDITED and "NOT AUDITED" in done.stderr
        done = audit(url, pins, AUDIT="if-reachable")
        assert done.returncode == CLEAN and "NOT AUDITED" in done.stderr


def test_a_service_that_never_answers_costs_seconds(pins):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        done = audit(f"http://127.0.0.1:{silent.getsockname()[1]}/", pins)
    assert done.returncode == NOT_AUDITED and time.monotonic() - started < 15


@pytest.mark.parametrize(("status", "body"), [(403, b"blocked"), (200, b"<html>please log in"), (200, b"[]")])
def test_an_answer_of_somebody_else_is_not_the_service(service, pins, status, body):
    service.status, service.body, service.after = status, body, 0
    assert audit(service.url, pins).returncode == NOT_AUDITED


@pytest.mark.parametrize("mode", ["required", "if-reachable"])
def test_an_audit_that_breaks_off_in_the_middle_fails_in_any_case(service, pins, mode):
    service.status, service.body, service.after = 500, b"", 2
    done = audit(service.url, pins, AUDIT=mode)
    assert done.returncode == NOT_AUDITED and "NOT AUDITED" in done.stderr


def test_a_line_that_cannot_be_audited_fails(service, pins):
    pins.write_text("left-pad==1.0\nhttps://example.com/right_pad-1.0.tar.gz\n")
    assert audit(service.url, pins).returncode == NOT_AUDITED


def test_a_misspelt_mode_fails(service, pins):
    done = audit(service.url, pins, AUDIT="sometimes")
    assert done.returncode == NOT_AUDITED and "if-reachable" in done.stderr
