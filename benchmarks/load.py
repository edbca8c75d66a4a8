"""Ten minutes at 80 % of what this machine can do: does anything grow, and how long do callers wait?

    .venv/bin/python -m benchmarks.load [--minutes 10] [--share 0.8] [--save load.md]

Starts PostgreSQL, Redis, the sandbox WeChat, web, worker and beat on loopback, measures in the same run how many token
reads, fresh codes and a mix of all kinds they take at most, then keeps the mix at the share of it. Memory (PSS), open
files and connections are read every five seconds; growth is the slope of a straight line through the second half. The
load generator shares the machine: the limits are those of everything together. Times count from when a request was due.
Ends with status 1 if a request failed.
"""

import argparse
import http.client
import itertools
import json
import os
import random
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import Redis

from benchmarks.drills.house import House

MINIPROGRAMS = 24
CALIBRATION_SECONDS, WARM_UP_SECONDS = 12.0, 4.0
SAMPLE_SECONDS = 5.0
# callers of each kind while the limit is looked for; with WeChat's time of 0.1 s
ALONE = {"token": 16, "code": 32}
MIX = {"token": 6, "code": 16, "repeat": 3, "picture": 3}
LATENCY_SECONDS = 0.1
KNOWN_CODES = 2000


class Load:
    """Callers with a connection each; `.times` are seconds by kind, `.failures` what was answered instead."""

    def __init__(self, base: str, api_key: str, appids: list[str]) -> None:
        self.address = urlsplit(base)
        self.headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self.appids, self.numbers = appids, itertools.count()
        self.known: list[tuple[int, str, str]] = []
        self.local = threading.local()
        self.forget()

    def forget(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failures: Counter[str] = Counter()

    def token(self) -> None:
        self._ask("GET", f"/api/v1/miniprograms/{random.choice(self.appids)}/access-token/")

    def code(self) -> None:
        number = next(self.numbers)
        appid, scene = self.appids[number % len(self.appids)], f"l={number}"
        answer = json.loads(self._ask("POST", "/api/v1/codes/", {"appid": appid, "scene": scene}))
        place = (answer["id"], appid, scene)
        if len(self.known) < KNOWN_CODES:
            self.known.append(place)
        else:
            self.known[number % KNOWN_CODES] = place

    def repeat(self) -> None:
        _pk, appid, scene = random.choice(self.known)
        self._ask("POST", "/api/v1/codes/", {"appid": appid, "scene": scene})

    def picture(self) -> None:
        self._ask("GET", f"/api/v1/codes/{random.choice(self.known)[0]}/image")

    def run(self, callers: dict[str, int], seconds: float, rates: dict[str, float] | None = None) -> dict[str, float]:
        """Requests a second by kind; without `rates` as fast as the callers can, else that many a second."""
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._repeat, args=(kind, began + seconds, rates and count / rates[kind]))
            for kind, count in callers.items()
            for _number in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {kind: len(self.times[kind]) / (time.monotonic() - began) for kind in callers}

    def _repeat(self, kind: str, deadline: float, period: float | None) -> None:
        act: Callable[[], None] = getattr(self, kind)
        due = time.monotonic() + random.random() * (period or 0.0)
        while (wanted_at := time.monotonic()) < deadline:
            if period is not None:
                time.sleep(max(due - wanted_at, 0.0))
                # from when it was due: a caller that is still kept waiting makes the next request late, too
                wanted_at = due
                due = max(due + period, time.monotonic() - 10 * period)
            try:
                act()
            except (OSError, http.client.HTTPException, Refused) as error:
                self.failures[f"{kind}: {error or type(error).__name__}"] += 1
                self.local.connection = None
            self.times[kind].append(time.monotonic() - wanted_at)

    def _ask(self, method: str, path: str, body: Any = None) -> bytes:
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.address.hostname or "", self.address.port, timeout=60)
            self.local.connection = connection
        connection.request(method, path, body and json.dumps(body), self.headers)
        answer = connection.getresponse()
        content: bytes = answer.read()
        if answer.status >= 400:
            raise Refused(f"{answer.status} {json.loads(content).get('code')}")
        return content


class Refused(Exception):
    """Another answer than the one that was asked for."""


class Samples(threading.Thread):
    """Memory, files and connections of every part, every five seconds until `.stop()`."""

    def __init__(self, house: House) -> None:
        super().__init__(daemon=True)
        self.house, self.is_over = house, threading.Event()
        self.moments: list[float] = []
        self.series: dict[str, list[float]] = defaultdict(list)
        self.wechat_port = urlsplit(house.sandbox.url).port

    def run(self) -> None:
        while not self.is_over.wait(SAMPLE_SECONDS):
            self.moments.append(time.monotonic() / 60)
            for name, value in self._read():
                self.series[name].append(value)

    def stop(self) -> None:
        self.is_over.set()
        self.join()

    def _read(self) -> Iterable[tuple[str, float]]:
        parts = {name: find_family(process.pid) for name, process in self.house.processes.items()}
        parts |= {"redis": [self.house.redis.pid], "postgres": find_family(self.house.postgres.process.pid)}
        for name, pids in parts.items():
            yield f"{name}: memory (PSS, MB)", sum(map(read_pss, pids)) / 1e6
            yield f"{name}: open files", sum(map(count_files, pids))
        with Redis.from_url(self.house.redis_url) as client:
            yield "connections to Redis", client.info("clients")["connected_clients"] - 1
            yield "keys in Redis", client.dbsize()
        yield "connections to PostgreSQL", count_sockets(self.house.postgres.port)
        yield "connections to WeChat", count_sockets(self.wechat_port or 0)


def find_family(pid: int) -> list[int]:
    """A process and all that descend from it (Linux)."""
    found = [pid]
    for known in found:
        with suppress(OSError):
            for place in Path(f"/proc/{known}/task").iterdir():
                found += map(int, (place / "children").read_text().split())
    return found


def read_pss(pid: int) -> float:
    """Bytes, shared ones divided by those who share them."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0.0


def count_files(pid: int) -> int:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/fd"))
    return 0


def count_sockets(port: int) -> int:
    """Established connections to this local port, counted at the side of those who connect."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(fields[2].endswith(f":{port:04X}") and fields[3] == "01" for fields in lines)


def slope(moments: list[float], values: list[float]) -> float:
    """Growth per minute by a straight line through the second half."""
    half = len(moments) // 2
    return statistics.linear_regression(moments[half:], values[half:]).slope


def open_shops(house: House) -> Load:
    from apps.clients.services import create_client
    from apps.miniprograms.services import add_miniprogram

    appids = [f"wx{number:016x}" for number in range(MINIPROGRAMS)]
    for number, appid in enumerate(appids):
        secret = f"{number:032x}"
        house.sandbox.register(appid, secret, released_pages=["pages/index/index"])
        add_miniprogram(
            appid=appid, name=f"Shop {number}", secret=secret, is_sandbox=True, default_page="pages/index/index"
        )
    _client, key = create_client(name="load", scopes=["codes:create", "codes:read", "tokens:read"])
    house.sandbox.latency(LATENCY_SECONDS, endpoint="/wxa/getwxacodeunlimit")
    load = Load(house.base, key, appids)
    load.run({"code": 4, "token": 4}, WARM_UP_SECONDS)
    return load


def report(load: Load, samples: Samples, rates: dict[str, float], limits: list[str]) -> list[str]:
    lines = [*limits, "", "| kind | asked for | requests | p50 | p99 | longest |", "|---|---|---|---|---|---|"]
    for kind, times in load.times.items():
        cuts = [1000 * cut for cut in statistics.quantiles(times, n=100)]
        lines.append(
            f"| {kind} | {rates[kind]:.0f} /s | {len(times)} | {cuts[49]:.1f} ms | {cuts[98]:.1f} ms "
            f"| {max(times) * 1000:.0f} ms |"
        )
    lines += ["", f"failed: {dict(load.failures) or 'nothing'}", ""]
    lines += ["| what | first minute | half-time | end | growth per minute |", "|---|---|---|---|---|"]
    for name, values in samples.series.items():
        early = statistics.mean(values[: max(int(60 / SAMPLE_SECONDS), 1)])
        lines.append(
            f"| {name} | {early:.1f} | {values[len(values) // 2]:.1f} | {values[-1]:.1f} "
            f"| {slope(samples.moments, values):+.2f} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--share", type=float, default=0.8, help="of the measured limit of the mix")
    parser.add_argument("--save", type=Path, help="write the tables into this file, too")
    options = parser.parse_args()
    # minutes of codes would fill the small disk of the drills
    with House(has_small_disk=False) as house:
        load = open_shops(house)
        limits = []
        for kind, callers in ALONE.items():
            load.forget()
            rate = load.run({kind: callers}, CALIBRATION_SECONDS)[kind]
            limits.append(f"limit of {kind} alone: {rate:.0f} a second")
        load.forget()
        most = load.run(MIX, CALIBRATION_SECONDS)
        limits.append("limit of the mix: " + ", ".join(f"{kind} {rate:.0f}" for kind, rate in most.items()))
        print(*limits, sep="\n", flush=True)
        load.forget()
        rates = {kind: rate * options.share for kind, rate in most.items()}
        samples = Samples(house)
        samples.start()
        # more callers than at the limit, so that one who waits keeps nobody from asking
        load.run({kind: 3 * count for kind, count in MIX.items()}, options.minutes * 60, rates)
        samples.stop()
        lines = report(load, samples, rates, limits)
    print(*lines, sep="\n")
    if options.save:
        options.save.write_text("\n".join(lines) + "\n")
    if load.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
