"""Batches under fire and at full speed: real workers, beat, Redis, database and sandbox WeChat, gone afterwards.

    .venv/bin/python -m benchmarks.batches drill [--rows 5000] [--kills 20] [--redis-restarts 2]
        [--postgres --database-outages 1]
    .venv/bin/python -m benchmarks.batches speed [--miniprograms 1] [--seconds 120] [--workers 1] [--postgres]
    .venv/bin/python -m benchmarks.batches interactive [--seconds 60]
    .venv/bin/python -m benchmarks.batches zip [--rows 10000]

drill: the worker is killed -9 at random moments and started again at once, Redis is killed and started on its data,
the database is stopped for a minute.
Reported: issued rows, codes in the history, calls at the sandbox, and how many calls were under way at each kill.
speed: codes a minute after a warm-up, and what the sandbox refused: it counts calendar and sliding minutes.
interactive: single codes of the same mini-program while its batch runs; what they wait beyond WeChat's own time.
zip: seconds until the first byte of the archive, and the memory that it adds.
Everything shares this machine, the sandbox's drawing too: state the machine with the numbers.
"""

import argparse
import contextlib
import os
import random
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import requests
from cryptography.fernet import Fernet

from wxcode.stack import commands, redis_server

BASE_DIR = Path(__file__).resolve().parents[1]
CODE = "/wxa/getwxacodeunlimit"
LATENCY_SECONDS = 0.6
PER_MINUTE = 5000
OUTAGE_SECONDS = 60.0


class Installation:
    """Redis, sandbox, database, beat and workers in a directory of their own; this process uses their database."""

    def __init__(self, *, workers: int, has_postgres: bool) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="wxcode-benchmark-"))
        self.cleanup = contextlib.ExitStack()
        self.cleanup.callback(shutil.rmtree, self.data_dir, ignore_errors=True)
        self.worker_count, self.has_postgres = workers, has_postgres
        self.children: list[subprocess.Popen[Any]] = []
        self.workers: list[subprocess.Popen[Any]] = []

    def __enter__(self) -> Self:
        self.redis_url = redis_server.new_url(password=secrets.token_urlsafe(16), port=redis_server.free_port())
        self.sandbox_url = f"http://127.0.0.1:{redis_server.free_port()}"
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "wxcode.settings",
            "WXCODE_DATA_DIR": str(self.data_dir),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
            "REDIS_URL": self.redis_url,
            "SANDBOX_URL": self.sandbox_url,
            "DATABASE_URL": self._database_url(),
            "HTTPS_ONLY": "false",
            "LOG_LEVEL": "WARNING",
        }
        self.start_redis()
        self.start("-m", "apps.sandbox", "--port", self.sandbox_url.rsplit(":", 1)[1], "--die-with-parent")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.start(*commands.beat(data_dir=self.data_dir))
        self.workers = [self.start_worker() for _ in range(self.worker_count)]
        self.wait_for_sandbox()
        self.order("latency", seconds=LATENCY_SECONDS, endpoint=CODE)
        return self

    def _database_url(self) -> str:
        if not self.has_postgres:
            return f"sqlite:///{self.data_dir}/wxcode.sqlite3"
        from tests.postgres import PostgresServer

        self.postgres = self.cleanup.enter_context(PostgresServer())
        return self.postgres.url

    def stop_database_for(self, seconds: float) -> None:
        """An orderly restart: this server writes without fsync, and a crash would lose what was committed."""
        self.postgres.process.send_signal(signal.SIGINT)
        self.postgres.process.wait()
        time.sleep(seconds)
        self.postgres.start()
        from django.db import connection

        # this process's own has died, too
        connection.close()

    def start(self, *words: str) -> subprocess.Popen[Any]:
        log = (self.data_dir / "processes.log").open("ab")
        child = subprocess.Popen([sys.executable, *words], cwd=BASE_DIR, stdout=log, stderr=log, process_group=0)
        self.children.append(child)
        return child

    def start_worker(self) -> subprocess.Popen[Any]:
        return self.start(*commands.worker(), "--hostname", f"w{secrets.token_hex(3)}@%h")

    def start_redis(self) -> None:
        with (self.data_dir / "redis.log").open("ab") as log:
            self.redis = redis_server.start(url=self.redis_url, directory=self.data_dir / "redis", output=log)
        redis_server.wait_until_ready(self.redis, self.redis_url)

    def restart_redis(self) -> None:
        self.redis.kill()
        self.redis.wait()
        time.sleep(1)
        self.start_redis()

    def kill_worker(self, number: int) -> None:
        self.workers[number].kill()
        self.workers[number].wait()
        self.children.remove(self.workers[number])
        self.workers[number] = self.start_worker()

    def order(self, path: str, **fields: object) -> None:
        requests.post(f"{self.sandbox_url}/_sandbox/{path}", json=fields, timeout=10).raise_for_status()

    def calls(self) -> tuple[int, int]:
        """Code calls that the sandbox has seen, and those that it answered with a picture."""
        answer = requests.get(f"{self.sandbox_url}/_sandbox/calls", timeout=30).json()
        entries = answer["endpoints"].get(CODE, {}).values()
        return sum(entry["total"] for entry in entries), sum(entry["successful"] for entry in entries)

    def wait_for_sandbox(self) -> None:
        for _attempt in range(200):
            with contextlib.suppress(requests.RequestException):
                self.calls()
                return
            time.sleep(0.1)
        raise SystemExit("the sandbox did not start")

    def __exit__(self, *trouble: object) -> None:
        if trouble[0] not in (None, SystemExit):
            print((self.data_dir / "processes.log").read_text(errors="replace")[-4000:], file=sys.stderr)
        from django.db import connections

        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        connections.close_all()
        self.redis.terminate()
        self.redis.wait()
        self.cleanup.close()


def make_miniprogram(installation: Installation, number: int) -> Any:
    from apps.miniprograms.services import add_miniprogram

    appid, secret = f"wx{number:016x}", secrets.token_hex(16)
    installation.order("apps", appid=appid, secret=secret, released_pages=["pages/index/index"])
    return add_miniprogram(appid=appid, name=f"Shop {number}", secret=secret, is_sandbox=True)


def order_batch(miniprogram: Any, rows: int, *, name: str = "b") -> Any:
    from apps.batches.ordering import BatchOrder, create_batch
    from apps.batches.reading.pattern import NumberRange, pattern_source
    from apps.codes.requests import Issuer

    source = pattern_source({"scene": f"{name}={{n}}", "label": "Table {n}"}, {"n": NumberRange(1, rows)})
    return create_batch(BatchOrder(miniprogram, name, source, Issuer(label="benchmark")))[0]


def wait_for(batches: list[Any], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(batch.is_open for batch in batches):
        if time.monotonic() > deadline:
            raise SystemExit(f"not done in {seconds:.0f} s: {[(b.state, b.issued, b.hold_detail) for b in batches]}")
        time.sleep(0.5)
        for batch in batches:
            batch.refresh_from_db()


def random_moments(**counts: int) -> list[str]:
    acts = [act for act, count in counts.items() for _number in range(count)]
    random.shuffle(acts)
    return acts


def drill(options: argparse.Namespace) -> None:
    with Installation(workers=1, has_postgres=options.postgres) as installation:
        from apps.batches.models import BatchItem
        from apps.codes.models import IssuedCode

        miniprogram = make_miniprogram(installation, 1)
        batch = order_batch(miniprogram, options.rows)
        started, killed = time.monotonic(), []
        acts = list(random_moments(kill=options.kills, redis=options.redis_restarts, database=options.database_outages))
        for number, act in enumerate(acts):
            # every part of the work is hit: wait for the next share of rows, then a random moment more
            goal = options.rows * number // (len(acts) + 1)
            while batch.is_open and batch.issued < goal:
                time.sleep(0.1)
                batch.refresh_from_db()
            time.sleep(random.uniform(0.0, 1.5))
            if act == "redis":
                installation.restart_redis()
                print(f"  {time.monotonic() - started:5.0f} s  Redis killed and restarted", flush=True)
                continue
            if act == "database":
                installation.stop_database_for(OUTAGE_SECONDS)
                print(f"  {time.monotonic() - started:5.0f} s  database away for {OUTAGE_SECONDS:.0f} s", flush=True)
                continue
            installation.kill_worker(0)
            batch.refresh_from_db()
            killed.append(max(installation.calls()[0] - batch.issued - sum(killed), 0))
            print(
                f"  {time.monotonic() - started:5.0f} s  killed at {batch.issued} rows, {killed[-1]} calls under way",
                flush=True,
            )
        wait_for([batch], seconds=600)
        total, _successful = installation.calls()
        codes = IssuedCode.objects.filter(miniprogram=miniprogram)
        print(f"{time.monotonic() - started:.0f} s: {batch.state}, issued {batch.issued}, failed {batch.failed}")
        print(f"codes in the history {codes.count()}, different scenes {codes.values('scene').distinct().count()}")
        print(f"calls {total}: {total - options.rows} more than rows; under way at the kills {sum(killed)}")
        open_rows = BatchItem.objects.filter(batch=batch).exclude(state="issued").count()
        is_well = (batch.issued, codes.count(), open_rows) == (options.rows, options.rows, 0)
        is_well = is_well and total <= options.rows + sum(killed)
        raise SystemExit(0 if is_well else "FAILED")


def speed(options: argparse.Namespace) -> None:
    with Installation(workers=options.workers, has_postgres=options.postgres) as installation:
        rows = int(PER_MINUTE * (options.seconds + 45) / 60)
        programs = [make_miniprogram(installation, number + 1) for number in range(options.miniprograms)]
        batches = [order_batch(program, rows) for program in programs]
        wait_until_running(batches)
        time.sleep(10)
        before, cpu_before = installation.calls(), cpu_seconds()
        began = time.monotonic()
        time.sleep(options.seconds)
        after, elapsed = installation.calls(), time.monotonic() - began
        rate = (after[1] - before[1]) * 60 / elapsed
        refused = (after[0] - after[1]) - (before[0] - before[1])
        legal = PER_MINUTE * options.miniprograms
        print(f"{rate:.0f} codes a minute over {elapsed:.0f} s, {rate / legal:.1%} of {legal}; refused calls {refused}")
        for name, used in usage(cpu_before, elapsed):
            print(f"  {name:<12} {used:.0%} of a core")
        for batch in batches:
            batch.refresh_from_db()
            facts = f"{batch.state} {batch.issued} issued, {batch.failed} failed {batch.hold_detail}"
            print(f"  {batch.miniprogram.appid}: {facts}")


def interactive(options: argparse.Namespace) -> None:
    with Installation(workers=1, has_postgres=options.postgres) as installation:
        from apps.codes.requests import Issuer, code_request
        from apps.codes.services import issue_code

        miniprogram = make_miniprogram(installation, 1)
        batch = order_batch(miniprogram, int(PER_MINUTE * (options.seconds + 45) / 60))
        wait_until_running([batch])
        time.sleep(5)
        waits, deadline = [], time.monotonic() + options.seconds
        while time.monotonic() < deadline:
            started = time.monotonic()
            request = code_request(miniprogram, scene=f"single={len(waits)}")
            issue_code(miniprogram=miniprogram, request=request, issuer=Issuer(label="benchmark"))
            waits.append(time.monotonic() - started - LATENCY_SECONDS)
        waits.sort()
        p95 = waits[len(waits) * 95 // 100]
        print(f"{len(waits)} single codes during a batch: median {statistics.median(waits) * 1000:.0f} ms, "
              f"95 % below {p95 * 1000:.0f} ms, over WeChat's {LATENCY_SECONDS * 1000:.0f} ms")  # fmt: skip


def export_zip(options: argparse.Namespace) -> None:
    with Installation(workers=1, has_postgres=options.postgres) as installation:
        from apps.batches.exports.archive import export_zip as export
        from apps.batches.models import BatchItem

        installation.order("latency", seconds=0.05, endpoint=CODE)
        batch = order_batch(make_miniprogram(installation, 1), options.rows)
        wait_for([batch], seconds=60 + options.rows / 40)
        resident, started = resident_bytes(), time.perf_counter()
        first, size, most = 0.0, 0, 0
        for piece in export(batch, BatchItem.objects.filter(batch=batch, state="issued")):
            first = first or time.perf_counter() - started
            size += len(piece)
            most = max(most, resident_bytes()) if size % 64 == 0 else most
        most = max(most, resident_bytes())
        print(f"{batch.issued} codes, {size / 1e6:.0f} MB in {time.perf_counter() - started:.1f} s, first byte after "
              f"{first * 1000:.0f} ms, {(most - resident) / 1e6:.0f} MB of memory added")  # fmt: skip


def wait_until_running(batches: list[Any]) -> None:
    for _attempt in range(600):
        for batch in batches:
            batch.refresh_from_db()
        if all(batch.issued > 100 for batch in batches):
            return
        time.sleep(0.1)
    raise SystemExit("the batches did not start")


def cpu_seconds() -> dict[str, float]:
    """Processor seconds by kind of process, of everything that descends from this one (Linux)."""
    used: dict[str, float] = {}
    families: dict[int, int] = {}
    found: list[tuple[int, str, float]] = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            kind = next((name for name in ("worker", "beat", "sandbox", "postgres", "valkey") if name in line), None)
            families[int(place.name)] = int(fields[1])
            if kind:
                ticks = int(fields[11]) + int(fields[12])
                found.append((int(place.name), kind, ticks / os.sysconf("SC_CLK_TCK")))
    for pid, kind, seconds in found:
        while pid > 1 and pid != os.getpid():
            pid = families.get(pid, 0)
        if pid == os.getpid():
            used[kind] = used.get(kind, 0.0) + seconds
    return used


def usage(before: dict[str, float], elapsed: float) -> list[tuple[str, float]]:
    after = cpu_seconds()
    return [(name, (after[name] - before.get(name, 0.0)) / elapsed) for name in sorted(after)]


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sections = parser.add_subparsers(required=True)
    for name, run in (("drill", drill), ("speed", speed), ("interactive", interactive), ("zip", export_zip)):
        section = sections.add_parser(name)
        section.set_defaults(run=run)
        section.add_argument("--postgres", action="store_true", help="a throwaway PostgreSQL instead of SQLite")
        section.add_argument("--rows", type=int, default=10_000 if name == "zip" else 5000)
        section.add_argument("--kills", type=int, default=20)
        section.add_argument("--redis-restarts", type=int, default=2)
        section.add_argument("--database-outages", type=int, default=0, help="needs --postgres")
        section.add_argument("--miniprograms", type=int, default=1)
        section.add_argument("--workers", type=int, default=1)
        section.add_argument("--seconds", type=float, default=120 if name == "speed" else 60)
    options = parser.parse_args()
    if options.database_outages and not options.postgres:
        parser.error("only PostgreSQL can be stopped: add --postgres")
    options.run(options)


if __name__ == "__main__":
    main()
