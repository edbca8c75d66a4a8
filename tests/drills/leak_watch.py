"""Everything that wxcode leaves anywhere during a drill, gathered so that credentials can be looked for in it."""

import re
import socket
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from django.db import connection
from redis import Redis

# What WeChat's tokens look like, also when they were cut short.
TOKEN = re.compile(r"(?<![A-Za-z0-9_-])\d{2,4}_[A-Za-z0-9_-]{40,}")
RECORD = "wxcode:token:wx"
# a credential that was cut to this length is still a leak
PART_LENGTH = 16


class Monitor:
    """Context manager; `commands()` is every command that the Redis server received in the meantime, as text."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port or 6379), timeout=5)
        self.socket.sendall(f"AUTH {parts.password}\r\nMONITOR\r\n".encode())
        self.received = bytearray()
        self.socket.settimeout(None)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while chunk := self.socket.recv(1 << 16):
            self.received += chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def commands(self) -> list[str]:
        return self.received.decode("utf-8", "replace").splitlines()


class Visitor:
    """An HTTP client that keeps every answer but those of which the asker says that they may show a credential."""

    def __init__(self, base: str, **headers: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(headers)
        self.kept: dict[str, str] = {}

    def ask(self, method: str, path: str, *, shows_credential: bool = False, **options: Any) -> requests.Response:
        answer = self.session.request(method, self.base + path, timeout=30, **options)
        if not shows_credential:
            name = f"{len(self.kept)} {method} {path.partition('?')[0]} {answer.status_code}"
            self.kept[name] = f"{answer.headers} {answer.content.decode('utf-8', 'replace')}"
        return answer

    def submit(self, path: str, *, shows_credential: bool = False, **fields: Any) -> requests.Response:
        """Fill the form at `path` like a browser, with `fields` on top of what it holds already, and send it."""
        form = Form(self.ask("GET", path).text).values
        token = {"csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        return self.ask("POST", path, data=form | fields | token, shows_credential=shows_credential)

    def press(self, path: str) -> requests.Response:
        """A button that asks before it acts: both pages."""
        data = {"csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        self.ask("POST", path, data=data)
        return self.ask("POST", path, data=data | {"confirmed": "yes"})

    def walk(self, start: str, *, limit: int) -> int:
        """Open every page that links lead to; answer how many."""
        waiting, seen = [start], {start}
        opened = 0
        while waiting and opened < limit:
            answer = self.ask("GET", waiting.pop(0))
            opened += 1
            for found in re.findall(r'href="([^"#]+)"', answer.text):
                path = requests.compat.urljoin(answer.url, found.replace("&amp;", "&")).removeprefix(self.base)
                bare = path.partition("?")[0]
                if path.startswith("/") and bare not in seen and not re.search(r"logout|/static/|\.\w+$", bare):
                    seen.add(bare)
                    waiting.append(path)
        return opened


class Form(HTMLParser):
    """The names and present values of a page's fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        name = facts.get("name") or ""
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in facts:
            self.values[self.select] = facts.get("value") or ""
        elif tag == "textarea" and name:
            self.values[name] = ""
        elif tag == "input" and name and facts.get("type") not in ("submit", "button", "image", "file"):
            if facts.get("type") in ("checkbox", "radio") and "checked" not in facts:
                return
            self.values[name] = facts.get("value") or ("on" if facts.get("type") == "checkbox" else "")


def log_files(directory: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(directory.glob("*.log")):
        yield f"log {path.name}", path.read_text(errors="replace")


def table_rows() -> Iterator[tuple[str, str]]:
    """Every row of every table of the test database."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                values = [bytes(value) if isinstance(value, memoryview) else value for value in row]
                yield f"table {table}", repr(values)


def redis_keys(client: Redis) -> Iterator[tuple[str, str]]:
    """The name of every key, and what every key but the token records holds."""
    readers = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
    }
    for name in client.scan_iter():
        text = name.decode("utf-8", "replace")
        yield "key", text
        if not text.startswith(RECORD):
            yield f"key {text}", repr(readers[client.type(name)](name))


def find_leaks(places: Iterator[tuple[str, str]], credentials: dict[str, str]) -> list[str]:
    """Where one of the `credentials` (name -> value), whole or in part, or any token of WeChat's is shown."""
    parts = {name: value[:PART_LENGTH] for name, value in credentials.items()}
    leaks = []
    for place, text in places:
        leaks += [f"{place}: {name}" for name, part in parts.items() if part in text]
        leaks += [
            f"{place}: token at {text[max(0, found.start() - 60) : found.start()]!r}" for found in TOKEN.finditer(text)
        ]
    return leaks
