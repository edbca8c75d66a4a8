"""What it costs to read tokens, to ask for a missing one from everywhere at once, and to keep thousands fresh.

`python -m benchmarks.tokens reads [--rounds 5] [--seconds 3] [--connections 16]`
`python -m benchmarks.tokens stampede [--processes 16] [--threads 50]`
`python -m benchmarks.tokens refresh [--apps 100,1000,10000] [--runs 3] [--share-only]`
"""

import argparse
import asyncio
import contextlib
import importlib
import json
import multiprocessing
import os
import random
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import django
import redis
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.sandbox_process import SandboxProcess
from wxcode.stack import commands, redis_server

ROOT = Path(__file__).resolve().parent.parent
CORES = sorted(os.sched_getaffinity(0))
# The server has one core to itself; load, Redis and everything else share the rest.
SERVER_CORES, OTHER_CORES = CORES[:1], CORES[1:] or CORES
WARM_UP_SECONDS = 1.0
TARGETS = {
    "front": "wxcode.wsgi:application",
    "drf": "wxcode.wsgi:django_application",
    "bare redis get": "benchmarks.tokens:bare_redis_get",
}
BARE_KEY = "bare"
ENDPOINTS = {"stable": "/cgi-bin/stable_token", "classic": "/cgi-bin/token"}
# A classic token is renewed hourly, a stable one when it has five minutes left.
MINUTES_BETWEEN_REFRESHES = {"stable": 115, "classic": 60}


def bare_redis_get(environ: dict, start_response: Callable) -> list[bytes]:
    """One GET and nothing else: the limit for whatever reads a token from Redis over HTTP."""
    body = bare_redis().get(BARE_KEY)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@cache
def bare_redis() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"], protocol=2)


@contextlib.contextmanager
def house(**more: str) -> Iterator[None]:
    """Settings of their own, an empty SQLite database and a real Redis, for this process and those it starts."""
    with tempfile.TemporaryDirectory(prefix="wxcode-benchmark-") as directory, contextlib.ExitStack() as stack:
        url = redis_server.new_url(password=secrets.token_urlsafe(24), port=redis_server.free_port())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "wxcode.settings",
            "WXCODE_DATA_DIR": directory,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": f"sqlite:///{directory}/wxcode.sqlite3",
            "REDIS_URL": url,
            "HTTPS_ONLY": "false",
            "LOG_LEVEL": "WARNING",
            **more,
        }
        with pinned(OTHER_CORES):
            process = redis_server.start(url=url, directory=Path(directory) / "redis", output=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        redis_server.wait_until_ready(process, url)
        django.setup()
        call_command("migrate", verbosity=0)
        yield


@contextlib.contextmanager
def pinned(cores: list[int]) -> Iterator[None]:
    """Processes started inside run on `cores`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# --- reads -------------------------------------------------------------------------------------------------


def measure_reads(options: argparse.Namespace) -> None:
    """Requests per second and latency of each target, in turn within each round; ratios of the same round."""
    measure = wrk if shutil.which("wrk") else own_load
    print(
        f"load: {'wrk' if measure is wrk else 'built in'}, {options.connections} connections, "
        f"{options.rounds} rounds of {options.seconds:g} s per target, one granian process on one core"
    )
    with house(), contextlib.ExitStack() as servers:
        path, key, value = prepare_read()
        bare_redis().set(BARE_KEY, json.dumps({"access_token": value, "expires_in": 7000, "token_mode": "stable"}))
        running = {
            name: servers.enter_context(served(target, threads=options.threads)) for name, target in TARGETS.items()
        }
        rounds: dict[str, list[tuple[float, ...]]] = {name: [] for name in running}
        for url, _pid in running.values():
            measure(url + path, key, WARM_UP_SECONDS, options.connections)
        for _ in range(options.rounds):
            for name, (url, pid) in running.items():
                used, started = cpu_seconds(pid), time.perf_counter()
                result = measure(url + path, key, options.seconds, options.connections)
                elapsed, used = time.perf_counter() - started, cpu_seconds(pid) - used
                rounds[name].append((*result, used / (result[0] * elapsed) * 1e6))
    print(
        f"{'':16}{'reads/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'us CPU':>9}{'x drf':>8}{'min':>7}{'max':>7}{'of limit':>10}"
    )
    for name, results in rounds.items():
        ratios = [mine[0] / drf[0] for mine, drf in zip(results, rounds["drf"], strict=True)]
        limits = [mine[0] / bare[0] for mine, bare in zip(results, rounds["bare redis get"], strict=True)]
        rate, p50, p99, cpu = (statistics.median(column) for column in zip(*results, strict=True))
        print(
            f"{name:16}{rate:9.0f}{p50:9.2f}{p99:9.2f}{cpu:9.0f}{statistics.median(ratios):8.2f}"
            f"{min(ratios):7.2f}{max(ratios):7.2f}{statistics.median(limits):10.2f}"
        )


def prepare_read() -> tuple[str, str, str]:
    """A mini-program with a token, and a key that may read it: path, key, token."""
    appid, value, now = "wx0123456789abcdef", secrets.token_urlsafe(102), time.time()
    models().MiniProgram.objects.create(appid=appid, name="Shop", secret_ref="env:NONE")
    module("apps.tokens.store").write_record(
        appid, value=value, expires_at=now + 7200, source="stable", now=now, seen_version=0, is_old_rejected=False
    )
    _client, key = module("apps.clients.services").create_client(name="shop", scopes=["tokens:read"], appids=[appid])
    return f"/api/v1/miniprograms/{appid}/access-token/", key, value


@contextlib.contextmanager
def served(target: str, *, threads: int) -> Iterator[tuple[str, int]]:
    """One granian process with the words of the stack, serving `target`; its address and process id."""
    port = redis_server.free_port()
    words = [*commands.web(host="127.0.0.1", port=port, threads=threads)[:-1], "--log-level", "error", target]
    with pinned(SERVER_CORES):
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT)
    try:
        wait_for_port(process, port)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its children so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(cpu_seconds(int(child)) for child in children)


def wait_for_port(process: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None and time.monotonic() < deadline, "the server did not start"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)


def wrk(url: str, key: str, seconds: float, connections: int) -> tuple[float, float, float]:
    """Requests per second, median and 99th percentile in ms."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--latency"]
    with pinned(OTHER_CORES):
        run = subprocess.run([*command, "-H", f"X-API-Key: {key}", url], capture_output=True, text=True, check=True)
    assert "Non-2xx" not in run.stdout, run.stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)[1])
    p50, p99 = (re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", run.stdout) for percent in (50, 99))
    scale = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    return rate, float(p50[1]) * scale[p50[2]], float(p99[1]) * scale[p99[2]]


def own_load(url: str, key: str, seconds: float, connections: int) -> tuple[float, float, float]:
    """The same without wrk; it costs more than the server, so trust the ratios less."""
    parts = urlsplit(url)
    question = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-API-Key: {key}\r\n\r\n".encode()
    taken: list[float] = []

    async def ask_until(deadline: float) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (started := time.perf_counter()) < deadline:
            writer.write(question)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))
            taken.append(time.perf_counter() - started)
        writer.close()

    async def ask() -> None:
        await asyncio.gather(*(ask_until(time.perf_counter() + seconds) for _ in range(connections)))

    with pinned(OTHER_CORES):
        asyncio.run(ask())
    taken.sort()
    return len(taken) / seconds, taken[len(taken) // 2] * 1000, taken[len(taken) * 99 // 100] * 1000


# --- stampede ----------------------------------------------------------------------------------------------


def measure_stampede(options: argparse.Namespace) -> None:
    """How often WeChat was asked when every thread of every process wanted the same token at the same moment."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(options.processes)
    with (
        house_with_sandbox() as sandbox,
        context.Pool(options.processes, initializer=join_stampede, initargs=(barrier,)) as pool,
    ):

        def everybody(appid: str, rejected: str | None) -> tuple[set[str], int, float]:
            sandbox.clear_calls()
            # the barrier holds each task until every process has one
            results = pool.starmap(stampede, [(appid, rejected, options.threads)] * options.processes, chunksize=1)
            found, failures, waits = zip(*results, strict=True)
            return set().union(*found), sum(failures), max(waits)

        print(f"{options.processes} processes x {options.threads} threads, one mini-program")
        for mode, endpoint in ENDPOINTS.items():
            (appid,) = add_miniprograms(1, mode)
            tokens: set[str] = set()
            for moment in ("cold store", "token just rejected"):
                rejected = next(iter(tokens), None)
                tokens, failures, seconds = everybody(appid, rejected)
                print(
                    f"{mode:8} {moment:20} fetches {sandbox.count(endpoint)}, failures {failures}, "
                    f"different tokens {len(tokens)}, slowest caller {seconds:.2f} s"
                )


def join_stampede(barrier: "multiprocessing.synchronize.Barrier") -> None:
    django.setup()
    Stampede.barrier = barrier


class Stampede:
    barrier: "multiprocessing.synchronize.Barrier"


def stampede(appid: str, rejected: str | None, threads: int) -> tuple[set[str], int, float]:
    """In each process: the tokens that its threads got, how many failed, the longest wait in seconds."""
    services, error = module("apps.tokens.services"), module("apps.errors").WxcodeError
    miniprogram = models().MiniProgram.objects.get(appid=appid)

    def ask(_number: int) -> tuple[str | None, float]:
        started = time.perf_counter()
        try:
            if rejected is None:
                token = services.get_access_token(miniprogram, requested_by="benchmark")
            else:
                token = services.replace_rejected_token(miniprogram, rejected=rejected, requested_by="benchmark")
        except error as failure:
            print(f"failed: {failure}", file=sys.stderr)
            return None, time.perf_counter() - started
        return token.value, time.perf_counter() - started

    with ThreadPoolExecutor(threads) as pool:
        Stampede.barrier.wait(120)
        answers = list(pool.map(ask, range(threads)))
    found = [value for value, _seconds in answers]
    return set(filter(None, found)), found.count(None), max(seconds for _value, seconds in answers)


# --- refreshing ahead --------------------------------------------------------------------------------------


def measure_refresh(options: argparse.Namespace) -> None:
    """Seconds that one worker needs for those that are due: all of them, and the share of an ordinary minute."""
    print(f"{'apps':>7} {'mode':8}{'due':>7}{'seconds':>9}{'CPU s':>8}{'ms each':>9}{'failed':>8}   (median of runs)")
    with house_with_sandbox():
        for count in options.apps:
            for mode, minutes in MINUTES_BETWEEN_REFRESHES.items():
                appids = add_miniprograms(count, mode)
                if options.share_only:
                    bare_redis().zadd(module("apps.tokens.store").DUE, dict.fromkeys(appids, time.time() + 3600))
                else:
                    show_refresh(count, mode, appids, runs=1)
                show_refresh(count, mode, random.sample(appids, max(count // minutes, 1)), runs=options.runs)
                show_refresh(count, mode, [], runs=options.runs)


def show_refresh(count: int, mode: str, due: list[str], *, runs: int) -> None:
    results = [refresh(due) for _ in range(runs)]
    wall, cpu, failed = (statistics.median(column) for column in zip(*results, strict=True))
    each = f"{wall / len(due) * 1000:9.1f}" if due else " " * 9
    print(f"{count:7} {mode:8}{len(due):7}{wall:9.2f}{cpu:8.2f}{each}{failed:8.0f}", flush=True)


def refresh(due: list[str]) -> tuple[float, float, int]:
    """Wall and CPU seconds of as many runs of the refresher as it takes to serve all `due`, and the failures.

    A run that Redis interrupted counts as one failure; the next one goes on, as after the next beat.
    """
    schedule, store = module("apps.tokens.schedule"), module("apps.tokens.store")
    if due:
        bare_redis().zadd(store.DUE, dict.fromkeys(due, time.time() - 1))
    started, used, failed = time.perf_counter(), time.process_time(), 0
    while True:
        try:
            failed += schedule.refresh_due_tokens().failed
        except module("apps.coordination.connection").CoordinationUnavailable:
            failed += 1
            time.sleep(1)
        # a claim that an interrupted run left is due again after its minute
        if not bare_redis().zcount(store.DUE, "-inf", time.time() + 2 * store.CLAIM_SECONDS):
            return time.perf_counter() - started, time.process_time() - used, failed


# --- what both need ----------------------------------------------------------------------------------------


def module(name: str) -> ModuleType:
    """A module that can only be imported once Django has its settings."""
    return importlib.import_module(name)


def models() -> ModuleType:
    return module("apps.miniprograms.models")


@contextlib.contextmanager
def house_with_sandbox() -> Iterator[SandboxProcess]:
    with pinned(OTHER_CORES):
        process = SandboxProcess("--auto-register")
        sandbox = process.__enter__()
    try:
        with house(SANDBOX_URL=sandbox.url):
            yield sandbox
    finally:
        process.__exit__(None, None, None)


def add_miniprograms(count: int, mode: str) -> list[str]:
    """Replace all mini-programs by `count` new ones without tokens; their appids."""
    bare_redis().flushall()
    program = models().MiniProgram
    program.objects.all().delete()
    ref = module("apps.miniprograms.secrets").seal_secret(secrets.token_hex(16))
    appids = [f"wx{secrets.token_hex(8)}" for _ in range(count)]
    program.objects.bulk_create(
        program(appid=appid, name=f"Shop {number}", secret_ref=ref, token_mode=mode, is_sandbox=True)
        for number, appid in enumerate(appids)
    )
    return appids


def numbers(raw: str) -> list[int]:
    return [int(word) for word in raw.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sections = parser.add_subparsers(required=True)
    reads = sections.add_parser("reads")
    reads.add_argument("--rounds", type=int, default=5)
    reads.add_argument("--seconds", type=float, default=3.0)
    reads.add_argument("--connections", type=int, default=16)
    reads.add_argument("--threads", type=int, default=32, help="of the server, as WEB_THREADS")
    reads.set_defaults(run=measure_reads)
    rush = sections.add_parser("stampede")
    rush.add_argument("--processes", type=int, default=16)
    rush.add_argument("--threads", type=int, default=50)
    rush.set_defaults(run=measure_stampede)
    ahead = sections.add_parser("refresh")
    ahead.add_argument("--apps", type=numbers, default=[100, 1000, 10_000])
    ahead.add_argument("--runs", type=int, default=3)
    ahead.add_argument("--share-only", action="store_true", help="leave out the long run in which all are due")
    ahead.set_defaults(run=measure_refresh)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
