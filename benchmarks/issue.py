"""What issuing through wxcode costs over asking WeChat directly: added milliseconds, fresh codes and repeats a second.

    .venv/bin/python -m benchmarks.issue [--rounds 3] [--seconds 4] [--in-flight 32]

Starts the whole stack (web, worker, beat, Redis, SQLite, sandbox) and asks, turn by turn in one run, the sandbox
directly with a pooled `requests` session and wxcode's API, at 0 ms and at 100 ms of WeChat's latency. Everything shares
the machine, the load generator too: compare the ratios, not the absolutes. Codes are spread over many mini-programs,
because one alone may only have 5,000 a minute.
"""

import argparse
import itertools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from benchmarks.running_stack import RunningStack

MINIPROGRAMS = 24
numbers = itertools.count()


class Direct:
    """The sandbox asked as a careful script would: one session, one token per app, no check of the picture."""

    name = "direct"

    def __init__(self, stack: RunningStack) -> None:
        self.stack, self.local = stack, threading.local()
        self.tokens = {appid: self._token(appid, number) for number, appid in enumerate(stack.appids)}

    def _token(self, appid: str, number: int) -> str:
        body = {"grant_type": "client_credential", "appid": appid, "secret": f"{number:032x}"}
        answer = requests.post(f"{self.stack.sandbox_url}/cgi-bin/stable_token", json=body, timeout=10)
        return str(answer.json()["access_token"])

    def issue(self, number: int) -> None:
        appid = self.stack.appids[number % len(self.stack.appids)]
        answer = session(self.local).post(
            f"{self.stack.sandbox_url}/wxa/getwxacodeunlimit",
            params={"access_token": self.tokens[appid]},
            json={"scene": f"d={number}", "page": "pages/index/index"},
            timeout=30,
        )
        assert answer.content.startswith(b"\xff\xd8"), answer.text


class ThroughApi:
    """POST codes/ with an API key, answered as JSON."""

    name = "wxcode"

    def __init__(self, stack: RunningStack) -> None:
        self.stack, self.local = stack, threading.local()
        self.headers = {"Authorization": f"Bearer {stack.api_key}"}

    def issue(self, number: int) -> None:
        self._post(number, expected=201)

    def repeat(self, _number: int) -> None:
        self._post(0, expected=200)

    def _post(self, number: int, *, expected: int) -> None:
        body = {
            "appid": self.stack.appids[number % len(self.stack.appids)],
            "scene": f"w={number}",
            "page": "pages/index/index",
        }
        answer = session(self.local).post(
            f"{self.stack.base}/api/v1/codes/", json=body, headers=self.headers, timeout=30
        )
        assert answer.status_code == expected, answer.text


def session(local: threading.local) -> requests.Session:
    if not hasattr(local, "session"):
        local.session = requests.Session()
        local.session.trust_env = False
    found: requests.Session = local.session
    return found


def one_at_a_time(call: Callable[[int], None], seconds: float) -> float:
    """Median milliseconds of a call when nothing else goes on."""
    times, deadline = [], time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        started = time.perf_counter()
        call(next(numbers))
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def per_second(call: Callable[[int], None], seconds: float, in_flight: int) -> float:
    """Calls a second with `in_flight` at once."""
    deadline = time.perf_counter() + seconds

    def work(_worker: int) -> int:
        done = 0
        while time.perf_counter() < deadline:
            call(next(numbers))
            done += 1
        return done

    started = time.perf_counter()
    with ThreadPoolExecutor(in_flight) as pool:
        done = sum(pool.map(work, range(in_flight)))
    return done / (time.perf_counter() - started)


def measure(stack: RunningStack, *, latency: float, rounds: int, seconds: float, in_flight: int) -> Iterator[str]:
    stack.sandbox("latency", seconds=latency, endpoint="/wxa/getwxacodeunlimit")
    direct, api = Direct(stack), ThroughApi(stack)
    for _appid in stack.appids:
        api.issue(next(numbers))
    single: dict[str, list[float]] = {"direct": [], "wxcode": []}
    many: dict[str, list[float]] = {"direct": [], "wxcode": [], "repeats": []}
    for _round in range(rounds):
        for way in (direct, api):
            single[way.name].append(one_at_a_time(way.issue, seconds))
        for way in (direct, api):
            many[way.name].append(per_second(way.issue, seconds, in_flight))
        many["repeats"].append(per_second(api.repeat, seconds, in_flight))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--in-flight", type=int, default=32)
    options = parser.parse_args()
    with RunningStack(miniprograms=MINIPROGRAMS) as stack:
        for latency in (0.0, 0.1):
            for line in measure(stack, latency=latency, **vars(options)):
                print(line, flush=True)


if __name__ == "__main__":
    main()
