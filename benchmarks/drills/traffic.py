"""Steady load from many callers: token reads, fresh and repeated codes, pictures, limited codes, orders of batches."""

import io
import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import requests
from PIL import Image

# longer than two calls to WeChat and what the service itself may wait for
PATIENCE_SECONDS = 60.0
PAGE = "pages/index/index"
TOKEN_LIFE_SECONDS = 7200
# callers of each kind and what each asks for in a second
RATES = {"token": (4, 8.0), "code": (6, 1.5), "repeat": (2, 4.0), "picture": (3, 5.0), "limited": (1, 1.0)}


@dataclass(frozen=True)
class Attempt:
    """One request; `at` in monotonic seconds, `trouble` empty when it was answered as it should be."""

    kind: str
    at: float
    seconds: float
    trouble: str = ""

    @property
    def end(self) -> float:
        return self.at + self.seconds


class Trouble(Exception):
    """What a caller got instead of what it asked for."""

    def __init__(self, name: str, retry_after: float = 1.0) -> None:
        super().__init__(name)
        self.retry_after = retry_after


@dataclass
class Shop:
    """Whom the load is for: `appids` read tokens, the first one issues codes."""

    base: str
    api_key: str
    appids: list[str]
    name: str


@dataclass
class Ledger:
    """What the service has acknowledged, and what came of every request."""

    attempts: list[Attempt] = field(default_factory=list)
    # scene or path by the id of its code
    codes: dict[int, str] = field(default_factory=dict)
    # name by the id of the batch
    batches: dict[int, str] = field(default_factory=dict)
    # sentences about answers that were wrong, not just refused
    lies: list[str] = field(default_factory=list)

    def troubles(self, begin: float = 0.0, end: float = float("inf")) -> Counter[str]:
        """Failures by kind of request and by what was answered, of those that ended in that span."""
        return Counter(f"{a.kind}: {a.trouble}" for a in list(self.attempts) if a.trouble and begin <= a.end < end)


class Traffic:
    """`with Traffic(shop) as traffic:` asks without pause from as many threads as RATES says; `.ledger` fills."""

    def __init__(self, shop: Shop, *, pace: float = 1.0) -> None:
        self.shop, self.pace = shop, pace
        self.ledger = Ledger()
        self.numbers = itertools.count()
        self.local = threading.local()
        self.is_over = threading.Event()
        asked = {"token": self.read_token, "code": self.ask_fresh, "repeat": self.repeat, "picture": self.look}
        self.threads = [
            threading.Thread(target=self._steadily, args=(kind, asked[kind], 1 / (rate * pace)), daemon=True)
            for kind, (callers, rate) in RATES.items()
            for _number in range(callers)
            if kind in asked
        ]
        self.threads.append(threading.Thread(target=self._ask_limited, daemon=True))

    def __enter__(self) -> "Traffic":
        # something to repeat and to look at
        for _number in range(3):
            self.ask_fresh()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *trouble: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    # --- what callers do -----------------------------------------------------------------------------------

    def read_token(self) -> None:
        appid = random.choice(self.shop.appids)
        answer = self._send("GET", f"miniprograms/{appid}/access-token/").json()
        if not 0 <= answer["expires_in"] <= TOKEN_LIFE_SECONDS:
            self.ledger.lies.append(f"a token with expires_in {answer['expires_in']}")

    def ask_fresh(self) -> None:
        scene = f"{self.shop.name}={next(self.numbers)}"
        self._remember(self._post({"scene": scene, "page": PAGE}), scene)

    def repeat(self) -> None:
        pk, scene = random.choice([(pk, s) for pk, s in list(self.ledger.codes.items()) if not s.startswith(PAGE)])
        answer = self._post({"scene": scene, "page": PAGE})
        if answer["id"] != pk:
            self.ledger.lies.append(f"{scene} was code {pk} and is {answer['id']} now")

    def look(self) -> None:
        pk = random.choice(list(self.ledger.codes))
        answer = self._send("GET", f"codes/{pk}/image")
        problem = find_damage(answer.content, answer.headers["ETag"].strip('"'))
        if problem:
            self.ledger.lies.append(f"picture of code {pk}: {problem}")

    def ask_limited(self, path: str) -> None:
        self._remember(self._post({"kind": "limited", "path": path}), path)

    def order_batch(self, name: str, rows: int) -> None:
        """Order it with an Idempotency-Key as often as it takes; returns once it is accepted or the load is over."""
        body = {"appid": self.shop.appids[0], "name": name, "rows": [{"scene": f"{name}={n}"} for n in range(rows)]}

        def order() -> None:
            answer = self._send("POST", "batches/", body, headers={"Idempotency-Key": name}).json()
            self.ledger.batches[answer["id"]] = name

        while not self.is_over.is_set():
            trouble = self.note("batch", order)
            if trouble is None:
                return
            self.is_over.wait(trouble.retry_after)

    # --- how -----------------------------------------------------------------------------------------------

    def note(self, kind: str, act: Callable[[], None]) -> Trouble | None:
        """Do it once and write down how it went."""
        began, trouble = time.monotonic(), None
        try:
            act()
        except Trouble as found:
            trouble = found
        except requests.RequestException as error:
            trouble = Trouble(type(error).__name__)
        self.ledger.attempts.append(Attempt(kind, began, time.monotonic() - began, str(trouble or "")))
        return trouble

    def _steadily(self, kind: str, act: Callable[[], None], period: float) -> None:
        due = time.monotonic() + random.random() * period
        while not self.is_over.wait(max(due - time.monotonic(), 0.0)):
            self.note(kind, act)
            # a caller who was kept waiting does not catch up
            due = max(due + period, time.monotonic())

    def _ask_limited(self) -> None:
        """Each of these costs one of 100,000: a caller repeats what was refused until it has its code."""
        path = ""
        pause = 0.0
        while not self.is_over.wait(pause):
            path = path or f"{PAGE}?{self.shop.name}={next(self.numbers)}"
            trouble = self.note("limited", lambda path=path: self.ask_limited(path))
            # a caller whose answer was lost is told so, and leaves it to a person to spend another one
            path = path if trouble and str(trouble).startswith("503") else ""
            pause = min(trouble.retry_after, 3.0) if trouble else 1 / self.pace

    def _remember(self, answer: dict[str, Any], words: str) -> None:
        self.ledger.codes[answer["id"]] = words

    def _post(self, fields: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._send("POST", "codes/", {"appid": self.shop.appids[0], **fields}).json()
        return answer

    def _send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
            self.local.session.trust_env = False
            self.local.session.headers["Authorization"] = f"Bearer {self.shop.api_key}"
        url = f"{self.shop.base}/api/v1/{path}"
        answer = self.local.session.request(method, url, json=body, headers=headers, timeout=PATIENCE_SECONDS)
        if answer.ok:
            return answer
        raise Trouble(f"{answer.status_code} {read_code(answer)}", float(answer.headers.get("Retry-After", 1)))


def read_code(answer: requests.Response) -> str:
    """The `code` of a problem document, or what came instead."""
    if answer.headers.get("Content-Type") == "application/problem+json":
        return str(json.loads(answer.content)["code"])
    return f"bare ({answer.headers.get('Content-Type')})"


def find_damage(content: bytes, digest: str) -> str:
    """What is wrong with a picture; empty if nothing is."""
    if sha256(content).hexdigest() != digest:
        return f"{len(content)} bytes with another checksum"
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
    except (OSError, SyntaxError) as error:
        return f"does not decode: {error}"
    return ""
