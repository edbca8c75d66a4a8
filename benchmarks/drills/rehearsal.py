"""One drill from the first request to the verdict: load, fault (or one after the other), mending, recovery, books."""

import secrets
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests

from benchmarks.drills.faults import Drill
from benchmarks.drills.house import House
from benchmarks.drills.traffic import Ledger, Shop, Traffic
from benchmarks.drills.verdict import Verdict, judge_books

SCOPES = ["codes:create", "codes:read", "tokens:read", "tokens:refresh"]
CODES_PER_SECOND = 80
SMALL_BATCH_ROWS = 20
# before, during and after the fault
BATCHES = 3
IN_TURN = "in-turn"


@dataclass(frozen=True)
class Plan:
    """Seconds of each part; `fault`: of each fault; `quiet`: without any failure, which counts as recovered;
    `pace`: share of the load.
    """

    before: float = 4.0
    fault: float = 15.0
    quiet: float = 6.0
    longest_recovery: float = 120.0
    longest_batch: float = 240.0
    pace: float = 1.0
    latency: float = 0.3


# all faults one after the other, a second each
SHORT = Plan(
    before=0.5,
    fault=1.0,
    quiet=1.0,
    longest_recovery=60.0,
    longest_batch=90.0,
    pace=0.2,
    latency=0.05,
)


def open_shop(house: House) -> Shop:
    """Two mini-programs that no drill has touched, one in each token mode, and a key for them."""
    from apps.clients.services import create_client
    from apps.miniprograms.services import add_miniprogram

    name, appids = f"d{secrets.token_hex(3)}", []
    for mode in ("stable", "classic"):
        appid, secret = f"wx{secrets.token_hex(8)}", secrets.token_hex(16)
        house.sandbox.register(appid, secret, released_pages=["pages/index/index"])
        add_miniprogram(appid=appid, name=f"{name} {mode}", secret=secret, is_sandbox=True, token_mode=mode)
        appids.append(appid)
    _client, key = create_client(name=name, scopes=SCOPES, appids=appids)
    return Shop(house.base, key, appids, name)


def rehearse(house: House, drills: Sequence[Drill], plan: Plan) -> Verdict:
    """Everything that one drill shows, or several: each mends what it broke before the next one."""
    shop = open_shop(house)
    house.sandbox.latency(plan.latency, endpoint="/wxa/getwxacodeunlimit")
    with Traffic(shop, pace=plan.pace) as traffic:
        ledger = traffic.ledger
        seconds = plan.before + plan.fault * len(drills)
        traffic.order_batch(f"{shop.name}-large", int(CODES_PER_SECOND * seconds * plan.pace))
        time.sleep(plan.before)
        watcher = Watcher(house)
        small = threading.Thread(target=traffic.order_batch, args=(f"{shop.name}-small", SMALL_BATCH_ROWS))
        for drill in drills:
            with drill.breaking(house, plan.fault):
                if drill is drills[0]:
                    small.start()
                if len(drills) == 1:
                    watcher.watch(plan.fault)
                else:
                    # a watcher waits for a database that is away, longer than one of several faults lasts
                    time.sleep(plan.fault)
        mended = time.monotonic()
        # this process's connection may have been among those that died
        house.forget_database()
        late = threading.Thread(target=traffic.order_batch, args=(f"{shop.name}-late", SMALL_BATCH_ROWS))
        late.start()
        recovery, batch_seconds = _wait_until_well(traffic, mended, plan)
        traffic.is_over.set()
        small.join()
        late.join()
    attempts = ledger.attempts
    verdict = Verdict(
        name=drills[0].name if len(drills) == 1 else IN_TURN,
        requests=len(attempts),
        failures=ledger.troubles(),
        stall=max(attempts, key=lambda attempt: attempt.seconds),
        recovery=recovery,
        batch_seconds=batch_seconds,
        not_ready=tuple(sorted(watcher.named)),
    )
    verdict.lost += [f"{name} ended by itself" for name in house.find_ended()]
    if len(ledger.batches) < BATCHES:
        verdict.lost.append(f"{BATCHES - len(ledger.batches)} batches were never accepted")
    judge_books(house, shop, ledger, verdict)
    house.forget_pictures()
    return verdict


class Watcher:
    """Reads /readyz during the fault; `.named` are the parts that it said are not well."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.named: set[str] = set()

    def watch(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(requests.RequestException, ValueError):
                parts: dict[str, Any] = self.house.readiness()
                self.named |= {name for name, said in parts.items() if name != "ready" and not said.startswith("ok")}
            time.sleep(min(1.0, max(deadline - time.monotonic(), 0.0)))


def _wait_until_well(traffic: Traffic, mended: float, plan: Plan) -> tuple[float | None, float]:
    """Seconds from the mending to the end of the last failure, and until all batches were done.

    Ends once every kind of request has gone well for a while; what has not by then is for the books to say.
    """
    recovery, done = None, None
    while recovery is None or done is None:
        time.sleep(0.2)
        now = time.monotonic()
        if done is None and _are_done(traffic.ledger):
            done = now - mended
        if recovery is None:
            recovery = _find_recovery(traffic.ledger, mended, plan)
        is_late = now > mended + plan.longest_recovery
        if is_late and (recovery is None or now > mended + plan.longest_batch):
            break
    return recovery, time.monotonic() - mended if done is None else done


def _find_recovery(ledger: Ledger, mended: float, plan: Plan) -> float | None:
    attempts = list(ledger.attempts)
    last_failure = max((a.end for a in attempts if a.trouble), default=0.0)
    since = max(last_failure, mended)
    kinds = {a.kind for a in attempts if a.at > since} | {"batch"}
    if time.monotonic() < since + plan.quiet or kinds != {a.kind for a in attempts}:
        return None
    return max(last_failure - mended, 0.0)


def _are_done(ledger: Ledger) -> bool:
    from apps.batches.models import CodeBatch

    ids = list(ledger.batches)
    return len(ids) == BATCHES and not CodeBatch.objects.filter(pk__in=ids).open().exists()
