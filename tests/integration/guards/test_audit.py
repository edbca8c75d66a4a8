"""`make audit` against an advisory service of our own over real HTTP: found, clean, and the ways of not knowing."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass
class Audited:
    """How the script ended, and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script as a module: what it asks the service itself needs no process of its own."""
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    return module


@pytest.fixture
def audit(script: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Audited]:
    """`audit(url, *files, mode="required")`: without files, all our pins."""

    def run(url: str, *files: Path, mode: str = "") -> Audited:
        monkeypatch.setenv("OSV_URL", url)
        monkeypatch.setenv("AUDIT", mode)
        monkeypatch.setattr(sys, "argv", ["audit.py", *map(str, files)])
        code = script.main()
        said = capsys.readouterr()
        return Audited(code, said.out, said.err)

    return run


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    pinned = ("left-pad==1.0", "right_pad==2.1", "other==3 ; sys_platform == 'win32'")
    # with hashes of files, as `make lock` writes them
    path.write_text("".join(f"{pin} \\\n    --hash=sha256:{'0' * 64}\n" for pin in pinned))
    return path


def test_a_known_vulnerability_ends_the_process_with_an_error(service, pins):
    service.bad = {"right-pad"}
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment |= {"OSV_URL": service.url, "AUDIT": ""}
    command = [sys.executable, str(SCRIPT), str(pins)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == FOUND
    assert "right-pad 2.1: GHSA-test-0001, mended in 9.9" in done.stderr


def test_a_known_vulnerability_is_forgiven_by_no_mode(service, pins, audit):
    service.bad = {"right-pad"}
    done = audit(service.url, pins, mode="if-reachable")
    assert done.code == FOUND
    assert "right-pad 2.1: GHSA-test-0001, mended in 9.9" in done.err


def test_without_one_it_passes_and_says_how_many_were_asked_for(service, pins, audit):
    done = audit(service.url, pins, mode="required")
    assert (done.code, done.out) == (CLEAN, "Audited 2 packages: no known vulnerabilities.\n"), done.err
    assert {"left-pad", "right-pad"} <= set(service.asked)


def test_all_our_pins_are_asked_for(service, audit):
    done = audit(service.url)
    assert done.code == CLEAN, done.err
    assert {"django", "django-axes", "pytest", "granian"} <= set(service.asked)


def test_a_service_out_of_reach_fails_unless_that_was_allowed(pins, audit):
    with socket.socket() as bound:
        # bound and not listening: nobody else takes the port, and nobody answers
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        done = audit(url, pins)
        assert done.code == NOT_AUDITED and "NOT AUDITED" in done.err
        done = audit(url, pins, mode="if-reachable")
        assert done.code == CLEAN and "NOT AUDITED" in done.err


def test_a_service_that_never_answers_is_given_up(pins, script, audit, monkeypatch):
    assert script.PROBE_SECONDS <= 5
    monkeypatch.setattr(script, "PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = audit(f"http://127.0.0.1:{silent.getsockname()[1]}/", pins)
    assert done.code == NOT_AUDITED and "ReadTimeout" in done.err


@pytest.mark.parametrize(("status", "body"), [(403, b"blocked"), (200, b"<html>please log in"), (200, b"[]")])
def test_an_answer_of_somebody_else_is_not_the_service(service, pins, audit, status, body):
    service.status, service.body, service.after = status, body, 0
    assert audit(service.url, pins).code == NOT_AUDITED


def test_an_audit_that_breaks_off_in_the_middle_is_forgiven_by_no_mode(service, pins, audit):
    service.status, service.body, service.after = 500, b"", 2
    done = audit(service.url, pins, mode="if-reachable")
    assert done.code == NOT_AUDITED and "NOT AUDITED" in done.err


def test_a_line_that_cannot_be_audited_fails(service, pins, audit):
    pins.write_text("left-pad==1.0\nhttps://example.com/right_pad-1.0.tar.gz\n")
    assert audit(service.url, pins).code == NOT_AUDITED


def test_a_misspelt_mode_fails(service, pins, audit):
    done = audit(service.url, pins, mode="sometimes")
    assert done.code == NOT_AUDITED and "if-reachable" in done.err
