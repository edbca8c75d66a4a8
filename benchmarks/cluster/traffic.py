"""Steady mixed traffic through nginx: each request at its moment, whatever became of others, and none repeated."""

import http.client
import json
import queue
import random
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

# requests a second by kind
RATES = {"token": 30.0, "fresh": 6.0, "repeat": 10.0, "picture": 10.0}
CONNECTIONS = 48
TIMEOUT_SECONDS = 60
KNOWN_SCENES = 40


@dataclass(frozen=True)
class Result:
    """One request: `seconds` count from the moment when it was due; `failure` is empty if it went well."""

    phase: str
    kind: str
    request_id: str
    due: float
    seconds: float
    failure: str = ""


@dataclass
class Traffic:
    """`start()`, set `phase`, `stop()`; then `results` has every request, and `codes` every answered scene's id."""

    url: str
    certificate: str
    api_key: str
    appid: str
    phase: str = "warm-up"
    results: list[Result] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    failed_scenes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host, self.port = urlsplit(self.url).hostname or "", urlsplit(self.url).port or 443
        self.tls = ssl.create_default_context(cafile=self.certificate)
        self.headers = {"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"}
        self.due: queue.SimpleQueue[tuple[float, str, str] | None] = queue.SimpleQueue()
        self.local, self.lock = threading.local(), threading.Lock()
        self.is_over = threading.Event()
        self.kinds: dict[str, Callable[[str], str]] = {
            "token": self.read_token,
            "fresh": self.issue_fresh,
            "repeat": self.issue_known,
            "picture": self.read_picture,
        }
        self.count = 0

    def prepare(self) -> None:
        """The scenes that are repeated, and the pictures that are read."""
        for number in range(KNOWN_SCENES):
            failure = self.issue(f"known={number}", request_id=uuid.uuid4().hex, expected=201)
            if failure:
                raise SystemExit(f"the cluster issues no codes: {failure}")

    def start(self) -> None:
        self.threads = [threading.Thread(target=self._work, daemon=True) for _number in range(CONNECTIONS)]
        for thread in self.threads:
            thread.start()
        self.clock = threading.Thread(target=self._schedule, daemon=True)
        self.clock.start()

    def stop(self) -> None:
        """No further request is begun; those under way are waited for."""
        self.is_over.set()
        self.clock.join()
        for _thread in self.threads:
            self.due.put(None)
        for thread in self.threads:
            thread.join(TIMEOUT_SECONDS)

    def _schedule(self) -> None:
        # a different beginning for each, or all kinds come at the same moments
        upcoming = {kind: time.monotonic() + random.random() / rate for kind, rate in RATES.items()}
        while not self.is_over.is_set():
            kind = min(upcoming, key=lambda name: upcoming[name])
            time.sleep(max(upcoming[kind] - time.monotonic(), 0.0))
            self.due.put((upcoming[kind], kind, self.phase))
            upcoming[kind] += 1 / RATES[kind]

    def _work(self) -> None:
        while (job := self.due.get()) is not None:
            due, kind, phase = job
            request_id = uuid.uuid4().hex
            try:
                failure = self.kinds[kind](request_id)
            except (OSError, http.client.HTTPException) as error:
                self.forget_connection()
                failure = type(error).__name__
            seconds = time.monotonic() - due
            with self.lock:
                self.results.append(Result(phase, kind, request_id, due, seconds, failure))

    # --- the kinds; each answers "" or what was wrong ------------------------------------------------------------

    def read_token(self, request_id: str) -> str:
        status, _headers, body = self.ask("GET", f"/api/v1/miniprograms/{self.appid}/access-token/", request_id)
        if status != 200:
            return failure_of(status, body)
        return "" if json.loads(body).get("access_token") else "no token"

    def issue_fresh(self, request_id: str) -> str:
        with self.lock:
            self.count += 1
            scene = f"fresh={self.count}"
        try:
            failure = self.issue(scene, request_id=request_id, expected=201)
        except (OSError, http.client.HTTPException):
            self.failed_scenes.append(scene)
            raise
        if failure:
            self.failed_scenes.append(scene)
        return failure

    def issue_known(self, request_id: str) -> str:
        return self.issue(f"known={random.randrange(KNOWN_SCENES)}", request_id=request_id, expected=200)

    def issue(self, scene: str, *, request_id: str, expected: int | None = None) -> str:
        body = json.dumps({"appid": self.appid, "scene": scene})
        status, _headers, content = self.ask("POST", "/api/v1/codes/", request_id, body)
        if status != expected and not (expected is None and status in (200, 201)):
            return failure_of(status, content)
        with self.lock:
            self.codes[scene] = json.loads(content)["id"]
        return ""

    def read_picture(self, request_id: str) -> str:
        with self.lock:
            code_id = random.choice(list(self.codes.values()))
        status, headers, content = self.ask("GET", f"/api/v1/codes/{code_id}/image", request_id)
        if status != 200:
            return failure_of(status, content)
        return "" if headers.get("ETag") == f'"{sha256(content).hexdigest()}"' else "damaged picture"

    # --- the wire ------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, request_id: str, body: str | None = None) -> tuple[int, Any, bytes]:
        """Status, headers and body. Raises OSError, HTTPException; nothing is repeated."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPSConnection(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=self.tls
            )
        connection: http.client.HTTPSConnection = self.local.connection
        connection.request(method, path, body, self.headers | {"X-Request-Id": request_id})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def forget_connection(self) -> None:
        """The next request of this thread opens a new one."""
        connection = self.local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()


def failure_of(status: int, body: bytes) -> str:
    """Such as "503 database_unavailable", or "502" where nginx itself answered."""
    try:
        return f"{status} {json.loads(body)['code']}"
    except (ValueError, TypeError, LookupError):
        return f"{status}"
