"""Kill one node of each kind under traffic, then migrate and restart all of them in turn; say what it cost.

    .venv/bin/python -m benchmarks.cluster [--seconds 18] [--rows 300] [--unapplied codes 0003]

On loopback: nginx (docs/nginx/wxcode.conf), two web nodes, two workers, a beat, PostgreSQL, Redis, moto's S3, sandbox.
Each node has a data directory of its own. Traffic is steady; a batch runs in each phase. Ends with status 1 if a
request failed that was not under way on a killed node, or if anything was lost. Everything shares this machine.
"""

import argparse
import os
import socket
import time
from collections.abc import Callable
from typing import Any

from benchmarks.cluster.installation import CODE, Cluster, wait_until
from benchmarks.cluster.traffic import RATES, Traffic
from benchmarks.cluster.verdict import Loss, losses_of_data, table, unexcused
from benchmarks.nodes import Node

# what comes after it is applied under traffic; the code of today must be able to do without it: indexes
UNAPPLIED = ("codes", "0003")
QUICK, SLOW = 1, 2
# WeChat's time for a single code, and for a row of a batch: as long as a phase, with some forty calls under way
LATENCY = {QUICK: 0.1, SLOW: 2.0}


class Drill:
    """The phases; `losses` are the web nodes that were killed, `notes` what else is worth telling."""

    def __init__(self, cluster: Cluster, *, seconds: float, rows: int) -> None:
        self.cluster, self.seconds, self.rows = cluster, seconds, rows
        self.losses: list[Loss] = []
        self.notes: list[str] = []
        self.batches: list[Any] = []
        self.under_way = 0
        self.programs = {number: cluster.add_miniprogram(number, latency=LATENCY[number]) for number in LATENCY}
        api_key = cluster.manage(
            "create_client", "drill", "--scope", "codes:create", "--scope", "codes:read", "--scope", "tokens:read"
        ).strip()
        nginx = cluster.nginx
        self.traffic = Traffic(nginx.url, str(nginx.certificate), api_key, self.programs[QUICK].appid)

    def phase(self, name: str, act: Callable[[], None] | None = None) -> None:
        """`seconds` of traffic and a batch, with `act` soon after the beginning."""
        began = time.monotonic()
        print(f"  {name} ...", flush=True)
        self.traffic.phase = name
        self.order_batch(name)
        # the batch is in full swing
        time.sleep(self.seconds / 4)
        if act is not None:
            act()
        time.sleep(max(began + self.seconds - time.monotonic(), 0.0))

    def order_batch(self, name: str) -> None:
        from apps.batches.ordering import BatchOrder, create_batch
        from apps.batches.reading.pattern import NumberRange, pattern_source
        from apps.codes.requests import Issuer

        source = pattern_source({"scene": f"b{len(self.batches)}={{n}}"}, {"n": NumberRange(1, self.rows)})
        order = BatchOrder(self.programs[SLOW], name, source, Issuer(label="drill"))
        self.batches.append(create_batch(order)[0])

    def note(self, text: str) -> None:
        self.notes.append(f"{self.traffic.phase}: {text}")

    # --- what is done to it --------------------------------------------------------------------------------------

    def lose_web(self) -> None:
        web, port = self.cluster.webs[0], self.cluster.ports[0]
        self.losses.append(Loss(f"127.0.0.1:{port}", time.time()))
        web.kill()
        time.sleep(self.seconds / 4)
        web.start()
        took = wait_until(lambda: self.cluster.answers(port), seconds=60, what="web1")
        self.note(f"killed, away for {self.seconds / 4:.1f} s, answered {took:.1f} s after its start")

    def lose_worker(self) -> None:
        """The one that works on the batch."""
        worker = self.working_worker()
        worker.kill()
        killed = time.monotonic()
        self.open_batches()
        before = self.issued()
        # asked for, and not yet in the database
        self.under_way = self.calls(SLOW) - sum(batch.issued for batch in self.batches)
        time.sleep(self.seconds / 4)
        worker.start()
        goal = min(before + 64, self.rows)
        wait_until(lambda: self.issued() >= goal, seconds=60, what="the batch to go on")
        self.note(f"{worker.name} killed at the batch; rows went on after {time.monotonic() - killed:.1f} s")
        self.note(f"{self.under_way} calls to WeChat were under way or not yet written")

    def working_worker(self) -> Node:
        from apps.batches.models import BatchRun

        wait_until(lambda: self.issued() > 0, seconds=60, what="the first row")
        process = BatchRun.objects.get(miniprogram=self.programs[SLOW]).process
        name, _colon, pid = process.partition(":")
        assert name == socket.gethostname()
        return next(worker for worker in self.cluster.workers if int(pid) in worker.pids())

    def calls(self, number: int) -> int:
        """Calls for codes that WeChat has had from this mini-program."""
        seen = self.cluster.wechat()["endpoints"].get(CODE, {})
        return int(seen.get(self.programs[number].appid, {}).get("total", 0))

    def issued(self) -> int:
        self.batches[-1].refresh_from_db()
        return int(self.batches[-1].issued)

    def replace_beat(self) -> None:
        """It dies, another machine takes over, and then it comes back: two at once."""
        first = self.cluster.beats[0]
        first.kill()
        time.sleep(1)
        self.cluster.add_beat("beat2")
        time.sleep(self.seconds / 4)
        first.start()
        self.note("beat1 killed, beat2 took over, beat1 came back: two at once")

    def lose_beat_again(self) -> None:
        for beat in self.cluster.beats:
            beat.kill()
        time.sleep(self.seconds / 4)
        self.cluster.beats[0].start()
        self.note(f"both killed, beat1 back; refresher: {self.cluster.readiness('beat')}")

    def migrate(self) -> None:
        began = time.monotonic()
        said = self.cluster.manage("migrate", "--no-input")
        applied = [line.strip() for line in said.splitlines() if "... OK" in line]
        assert applied, said
        self.note(f"{'; '.join(applied)} in {time.monotonic() - began:.1f} s, start of manage.py included")

    def restart_all(self) -> None:
        """One after the other, as docs/systemd.md and docs/cluster.md say."""
        cluster = self.cluster
        for web, port in zip(cluster.webs, cluster.ports, strict=True):
            took = web.stop()
            web.start()
            back = wait_until(lambda port=port: cluster.answers(port), seconds=60, what=web.name)
            self.note(f"{web.name} stopped in {took:.1f} s, answered {back:.1f} s after its start")
        for worker in [*cluster.workers, cluster.beats[0]]:
            took = worker.stop()
            worker.start()
            self.note(f"{worker.name} stopped in {took:.1f} s")

    def finish(self) -> None:
        """Traffic ends, batches are waited for, what failed is asked for again."""
        self.traffic.stop()
        wait_until(lambda: not self.open_batches(), seconds=120, what="the batches to end")
        # nginx has closed what this thread left open minutes ago
        self.traffic.forget_connection()
        for scene in self.traffic.failed_scenes:
            failure = self.traffic.issue(scene, request_id="repeated")
            self.note(f"{scene} asked for again: {failure or 'made'}")

    def open_batches(self) -> list[str]:
        for batch in self.batches:
            batch.refresh_from_db()
        return [f"{batch.name}: {batch.state} {batch.issued}" for batch in self.batches if batch.is_open]


def run(options: argparse.Namespace) -> bool:
    with Cluster(unapplied=options.unapplied) as cluster:
        import django

        django.setup()
        drill = Drill(cluster, seconds=options.seconds, rows=options.rows)
        drill.traffic.prepare()
        drill.traffic.start()
        time.sleep(2)
        phases: dict[str, Callable[[], None] | None] = {
            "steady": None,
            "a web node is killed": drill.lose_web,
            "the worker of the batch is killed": drill.lose_worker,
            "beat is killed and replaced": drill.replace_beat,
            "beat is killed again": drill.lose_beat_again,
            "migrate": drill.migrate,
            "rolling restart": drill.restart_all,
        }
        for name, act in phases.items():
            drill.phase(name, act)
        drill.finish()
        results = drill.traffic.results
        rates = ", ".join(f"{name} {rate:.0f}" for name, rate in RATES.items())
        print(f"\nrequests a second: {rates}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for line in [*table(results, phases), *(f"  {note}" for note in drill.notes)]:
            print(line)
        lost_calls = drill.under_way + len(drill.traffic.failed_scenes)
        facts, faults = losses_of_data(cluster, drill.traffic, drill.batches, lost_calls=lost_calls)
        faults += unexcused(results, cluster.nginx.requests(), drill.losses)
        for line in [*facts, *(f"FAULT: {fault}" for fault in faults)]:
            print(line)
        return not faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=18.0, help="of each phase")
    parser.add_argument("--rows", type=int, default=300, help="of the batch in each phase")
    parser.add_argument("--unapplied", nargs=2, default=UNAPPLIED, metavar=("APP", "MIGRATION"))
    raise SystemExit(0 if run(parser.parse_args()) else "FAILED")


if __name__ == "__main__":
    main()
