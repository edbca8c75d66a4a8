"""What issuing through wxcode costs over asking WeChat directly: added milliseconds, fresh codes and repeats a second.

    .venv/bin/python -m benchmarks.issue [--rounds 3] [--seconds 4] [--in-flight 128] [--postgres]
        [--workers 2] [--threads 32]

Starts the whole stack (web, worker, beat, Redis, database, sandbox) and asks, turn by turn in one run, the sandbox
directly and wxcode's API, at 0 ms and at 100 ms of WeChat's latency: one call at a time with a pooled `requests`
session, many at once with raw sockets from a process of their own. PostgreSQL flushes every commit to the disk, as the
pictures are. Everything shares the machine, so the processor time that each part took for a code is told as well.
Codes are spread over many mini-programs, because one alone may only have 5,000 a minute.
"""

import argparse
import contextlib
import itertools
import json
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from benchmarks.closed_loop import drive
from benchmarks.running_stack import RunningStack, host_and_port

MINIPROGRAMS = 24
CODE = "/wxa/getwxacodeunlimit"
PARTS = ("granian", "apps.sandbox", "redis-server", "celery")
TICKS = os.sysconf("SC_CLK_TCK")
numbers = itertools.count()


class Direct:
    """The sandbox asked as a careful script would: one session, one token per app, no check of the picture."""

    name = "direct"

    def __init__(self, stack: RunningStack) -> None:
        self.stack, self.session = stack, new_session()
        self.tokens = {appid: self._token(appid, number) for number, appid in enumerate(stack.appids)}

    def _token(self, appid: str, number: int) -> str:
        body = {"grant_type": "client_credential", "appid": appid, "secret": f"{number:032x}"}
        answer = requests.post(f"{self.stack.sandbox_url}/cgi-bin/stable_token", json=body, timeout=10)
        return str(answer.json()["access_token"])

    def issue(self) -> None:
        number = next(numbers)
        appid = self.stack.appids[number % len(self.stack.appids)]
        answer = self.session.post(
            f"{self.stack.sandbox_url}{CODE}",
            params={"access_token": self.tokens[appid]},
            json={"scene": f"d={number}", "page": "pages/index/index"},
            timeout=30,
        )
        assert answer.content.startswith(b"\xff\xd8"), answer.text

    def requests(self) -> list[dict[str, str]]:
        body = json.dumps({"scene": "l={n}", "page": "pages/index/index"})
        return [
            {"line": f"POST {CODE}?{urlencode({'access_token': token})} HTTP/1.1", "headers": HEADERS, "body": body}
            for token in self.tokens.values()
        ]


class ThroughApi:
    """POST codes/ with an API key, answered as JSON."""

    name = "wxcode"

    def __init__(self, stack: RunningStack) -> None:
        self.stack, self.session = stack, new_session()
        self.session.headers["Authorization"] = f"Bearer {stack.api_key}"

    def issue(self) -> None:
        number = next(numbers)
        body = {
            "appid": self.stack.appids[number % len(self.stack.appids)],
            "scene": f"w={number}",
            "page": "pages/index/index",
        }
        answer = self.session.post(f"{self.stack.base}/api/v1/codes/", json=body, timeout=30)
        assert answer.status_code == 201, answer.text

    def requests(self, scene: str = "m={n}") -> list[dict[str, str]]:
        headers = HEADERS + f"Authorization: Bearer {self.stack.api_key}\r\n"
        return [
            {
                "line": "POST /api/v1/codes/ HTTP/1.1",
                "headers": headers,
                "body": json.dumps({"appid": appid, "scene": scene, "page": "pages/index/index"}),
            }
            for appid in self.stack.appids
        ]


HEADERS = "Host: localhost\r\nContent-Type: application/json\r\n"


def new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def one_at_a_time(call: Callable[[], None], seconds: float) -> float:
    """Median milliseconds of a call when nothing else goes on."""
    times, deadline = [], time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


class Load:
    """Many calls at once, and the processor time of each part of the stack meanwhile."""

    def __init__(self, stack: RunningStack, *, seconds: float, in_flight: int, also: dict[str, int]) -> None:
        self.stack, self.seconds, self.in_flight, self.also = stack, seconds, in_flight, also
        self.next = 0
        self.costs: dict[str, list[float]] = {}

    def per_second(self, asked: list[dict[str, str]], *, url: str, status: int, is_costed: bool = False) -> float:
        host, port = host_and_port(url)
        before = processor_seconds(self.stack, self.also)
        order: dict[str, Any] = {"host": host, "port": port, "seconds": self.seconds, "in_flight": self.in_flight}
        told = drive(order | {"requests": asked, "first": self.next})
        assert set(told["statuses"]) == {str(status)}, told
        self.next = told["next"]
        if is_costed:
            for part, seconds in processor_seconds(self.stack, self.also).items():
                self.costs.setdefault(part, []).append((seconds - before[part]) * 1000 / told["calls"])
        return float(told["calls"] / told["seconds"])


def processor_seconds(stack: RunningStack, also: dict[str, int]) -> Counter[str]:
    """Seconds of processor time by part of the stack, since each began; `also` names other processes by their ids."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    words: dict[int, str] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            pid = int(place.name)
            parents[pid], spent[pid] = int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
            words[pid] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    roots = {pid: part for part, pid in also.items()}
    for pid, parent in parents.items():
        if parent == stack.process.pid:
            roots[pid] = next((part for part in PARTS if part in words[pid]), "rest")
    found: Counter[str] = Counter()
    for pid, seconds in spent.items():
        above: int | None = pid
        while above is not None and above not in roots:
            above = parents.get(above)
        if above is not None:
            found[roots[above]] += seconds
    return found


def measure(
    stack: RunningStack, *, latency: float, rounds: int, seconds: float, in_flight: int, also: dict[str, int]
) -> Iterator[str]:
    stack.sandbox("latency", seconds=latency, endpoint=CODE)
    direct, api = Direct(stack), ThroughApi(stack)
    for _appid in stack.appids:
        api.issue()
    load = Load(stack, seconds=seconds, in_flight=in_flight, also=also)
    load.next = next(numbers) + int(latency * 10_000_000)
    single: dict[str, list[float]] = {"direct": [], "wxcode": []}
    many: dict[str, list[float]] = {"direct": [], "wxcode": [], "repeats": []}
    for _round in range(rounds):
        for way in (direct, api):
            single[way.name].append(one_at_a_time(way.issue, seconds))
        many["direct"].append(load.per_second(direct.requests(), url=stack.sandbox_url, status=200))
        many["wxcode"].append(load.per_second(api.requests(), url=stack.base, status=201, is_costed=True))
        many["repeats"].append(load.per_second(api.requests("w=0")[:1], url=stack.base, status=200))
    added = statistics.median(ours - bare for bare, ours in zip(single["direct"], single["wxcode"], strict=True))
    share = statistics.median(ours / bare for bare, ours in zip(many["direct"], many["wxcode"], strict=True))
    yield f"WeChat latency {latency * 1000:.0f} ms, {in_flight} in flight, {rounds} rounds, medians"
    yield (
        f"  one at a time   direct {statistics.median(single['direct']):7.1f} ms   "
        f"wxcode {statistics.median(single['wxcode']):7.1f} ms   added {added:.1f} ms"
    )
    yield (
        f"  fresh codes     direct {statistics.median(many['direct']):7.0f} /s   "
        f"wxcode {statistics.median(many['wxcode']):7.0f} /s   ratio {share:.2f}"
    )
    yield f"  repeats         wxcode {statistics.median(many['repeats']):7.0f} /s"
    costs = ", ".join(f"{part} {statistics.median(each):.2f}" for part, each in sorted(load.costs.items()))
    yield f"  processor ms for a fresh code: {costs}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
    parser.add_argument("--threads", type=int, default=32, help="of each of them")
    options = vars(parser.parse_args())
    environment = {"WEB_WORKERS": str(options.pop("workers")), "WEB_THREADS": str(options.pop("threads"))}
    with contextlib.ExitStack() as cleanup:
        also: dict[str, int] = {}
        if options.pop("postgres"):
            from tests.postgres import PostgresServer

            server = cleanup.enter_context(PostgresServer(is_durable=True))
            environment["DATABASE_URL"], also["postgres"] = server.url, server.process.pid
        stack = cleanup.enter_context(RunningStack(miniprograms=MINIPROGRAMS, **environment))
        for latency in (0.0, 0.1):
            for line in measure(stack, latency=latency, also=also, **options):
                print(line, flush=True)


if __name__ == "__main__":
    main()
