"""What came of it: a table of the phases, whose fault each failure was, and whether anything was lost."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from benchmarks.cluster.installation import CODE, Cluster
from benchmarks.cluster.traffic import Result, Traffic


@dataclass(frozen=True)
class Loss:
    """A web node that was killed, at which moment (Unix seconds)."""

    address: str
    at: float


def table(results: Sequence[Result], phases: Iterable[str]) -> list[str]:
    """A line per phase: requests, failures by kind, milliseconds."""
    lines = [f"{'phase':<32} {'requests':>8} {'failed':>6} {'p50':>7} {'p99':>7} {'longest':>8}  failures"]
    for phase in phases:
        part = [result for result in results if result.phase == phase]
        if not part:
            continue
        times = sorted(result.seconds * 1000 for result in part)
        failures = Counter(f"{result.kind} {result.failure}" for result in part if result.failure)
        told = ", ".join(f"{count} x {name}" for name, count in failures.most_common()) or "none"
        p50, p99 = (times[min(int(len(times) * share), len(times) - 1)] for share in (0.50, 0.99))
        figures = f"{p50:>4.0f} ms {p99:>4.0f} ms {times[-1]:>5.0f} ms"
        lines.append(f"{phase:<32} {len(part):>8} {failures.total():>6} {figures}  {told}")
    return lines


def unexcused(results: Iterable[Result], nginx_log: Iterable[dict[str, Any]], losses: Sequence[Loss]) -> list[str]:
    """Failures that were not under way on a killed node at the moment of its death, a line each."""
    known = {entry["request_id"]: entry for entry in nginx_log}
    found = []
    for result in results:
        if not result.failure:
            continue
        entry = known.get(result.request_id)
        if entry is None or not any(_was_under_way(entry, loss) for loss in losses):
            found.append(f"{result.phase}: {result.kind} {result.failure} {entry or 'not in the log of nginx'}")
    return found


def _was_under_way(entry: dict[str, Any], loss: Loss) -> bool:
    begun = entry["ended"] - entry["seconds"]
    # a tenth: the kill and the end of its connections are not one moment
    return loss.address in entry["upstream"] and begun <= loss.at + 0.1 and entry["ended"] >= loss.at - 0.1


def losses_of_data(
    cluster: Cluster, traffic: Traffic, batches: Sequence[Any], *, lost_calls: int
) -> tuple[list[str], list[str]]:
    """Facts to print, and whatever is not as it must be. Reads every picture from S3. Needs django.setup().

    `lost_calls`: calls to WeChat whose answers died with a node; so many may have been made twice.
    """
    from django.core.files.storage import default_storage

    from apps.batches.models import BatchItem
    from apps.codes.models import IssuedCode

    faults = []
    rows = sum(batch.total for batch in batches)
    items = BatchItem.objects.filter(batch__in=[batch.pk for batch in batches])
    issued = items.filter(state="issued").count()
    if issued != rows or items.filter(state="issued", code=None).exists():
        faults.append(f"{rows - issued} rows of batches were not made")
    codes = list(IssuedCode.objects.values_list("miniprogram__appid", "scene", "image", "image_sha256"))
    if len({(appid, scene) for appid, scene, _image, _digest in codes}) != len(codes):
        faults.append("a scene is in the history twice")
    known = {scene for appid, scene, _image, _digest in codes if appid == traffic.appid}
    if missing := set(traffic.codes) - known:
        faults.append(f"{len(missing)} answered codes are not in the history")
    damaged = 0
    for _appid, _scene, image, digest in codes:
        with default_storage.open(image) as file:
            damaged += sha256(file.read()).hexdigest() != digest
    if damaged:
        faults.append(f"{damaged} pictures are damaged")
    seen = cluster.wechat()
    calls = sum(entry["total"] for entry in seen["endpoints"][CODE].values())
    if len(seen["mints"]) != len(seen["endpoints"][CODE]):
        faults.append(f"{len(seen['mints'])} tokens were minted for {len(seen['endpoints'][CODE])} mini-programs")
    if calls - len(codes) > lost_calls:
        faults.append(f"{calls - len(codes)} calls more than codes, but only {lost_calls} were lost")
    facts = [
        f"rows ordered {rows}, made {issued}; codes in the history {len(codes)}, all pictures in S3, {damaged} damaged",
        f"calls to WeChat {calls}, {calls - len(codes)} more than codes; tokens minted {len(seen['mints'])}",
    ]
    return facts, faults
