"""After a drill: what was lost, what is damaged, and the line that says so."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.drills.house import House
from benchmarks.drills.traffic import Attempt, Ledger, Shop, find_damage

CODE = "/wxa/getwxacodeunlimit"
LOST_ANSWERS = ("limited: 502 ", "limited: 504 ")


@dataclass
class Verdict:
    """What one drill has shown; times in seconds."""

    name: str
    requests: int
    failures: Counter[str]
    stall: Attempt
    # from the mending to the end of the last failure; None: it did not recover while it was watched
    recovery: float | None
    lost: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    # pictures that WeChat drew and no row shows, by kind: asked for again, or never acknowledged
    extra_calls: int = 0
    limited_lost: int = 0
    batch_seconds: float = 0.0
    not_ready: tuple[str, ...] = ()

    @property
    def bare(self) -> Counter[str]:
        """Answers that say nothing: 500, or no problem document."""
        return Counter({name: n for name, n in self.failures.items() if ": 500 " in name or " bare " in name})

    @property
    def is_well(self) -> bool:
        return self.recovery is not None and not (self.lost or self.damaged or self.bare)


def judge_books(house: House, shop: Shop, ledger: Ledger, verdict: Verdict) -> None:
    """Compare what was acknowledged, what the database and the disk hold, and what WeChat has counted."""
    from apps.batches.models import BatchState, CodeBatch
    from apps.codes.models import IssuedCode

    rows = {code.pk: code for code in IssuedCode.objects.filter(miniprogram__appid=shop.appids[0])}
    for pk, words in ledger.codes.items():
        row = rows.get(pk)
        if row is None or words not in (row.scene, row.page):
            verdict.lost.append(f"code {pk} ({words}) was acknowledged and is not in the database")
    for row in rows.values():
        problem = _find_damage(house, row)
        if problem:
            verdict.damaged.append(f"code {row.pk}: {problem}")
    verdict.damaged += ledger.lies
    for pk in ledger.batches:
        verdict.lost += _find_losses(CodeBatch.objects.get(pk=pk))
    accepted = CodeBatch.objects.filter(miniprogram__appid=shop.appids[0])
    # what an order has left that failed while the database was away is removed after an hour
    accepted = accepted.exclude(state=BatchState.RECEIVING)
    named = Counter(accepted.values_list("name", flat=True))
    verdict.lost += [f"{count} batches called {name}" for name, count in named.items() if count > 1]
    unlimited = sum(row.kind == "unlimited" for row in rows.values())
    verdict.extra_calls = house.sandbox.count(CODE, appid=shop.appids[0], successful=True) - unlimited
    spent = house.sandbox.app(shop.appids[0])["limited_codes_used"]
    verdict.limited_lost = spent - (len(rows) - unlimited)
    # their callers were told that WeChat may have counted them
    told = sum(n for name, n in verdict.failures.items() if name.startswith(LOST_ANSWERS))
    if verdict.limited_lost > told:
        verdict.lost.append(f"{verdict.limited_lost} of the 100,000 were spent on nothing, callers know of {told}")


def _find_damage(house: House, row: Any) -> str:
    place = house.directory / "media" / row.image
    if not place.exists():
        return "its picture is missing"
    return find_damage(place.read_bytes(), row.image_sha256)


def _find_losses(batch: Any) -> list[str]:
    """Rows that were not done exactly once."""
    from apps.batches.models import BatchItem

    items = list(BatchItem.objects.filter(batch=batch).select_related("code"))
    undone = Counter(f"rows of {batch.name} are {i.state} {i.error}" for i in items if i.state != "issued")
    found = [f"{count} {what}" for what, count in undone.items()]
    found += [
        f"row {i.row} of {batch.name} has the code of {i.code.scene if i.code else 'nobody'}"
        for i in items
        if i.state == "issued" and (i.code is None or i.code.scene != i.scene)
    ]
    if batch.state != "done" or batch.issued != len(items) or batch.failed:
        found.append(f"{batch.name}: {batch.state}, counts {batch.issued} + {batch.failed} of {len(items)} rows")
    return found


HEAD = (
    "| drill | requests | failed | longest stall | recovered after | batch done after | lost | damaged "
    "| extra calls, limited lost | `/readyz` named |\n|---|---|---|---|---|---|---|---|---|---|"
)


def line(verdict: Verdict) -> str:
    """A row of the table."""
    failed = sum(verdict.failures.values())
    recovered = "not" if verdict.recovery is None else f"{verdict.recovery:.1f} s"
    cells = (
        verdict.name,
        verdict.requests,
        failed,
        f"{verdict.stall.seconds:.1f} s ({verdict.stall.kind})",
        recovered,
        f"{verdict.batch_seconds:.0f} s",
        len(verdict.lost) or "nothing",
        len(verdict.damaged) or "none",
        f"{verdict.extra_calls}, {verdict.limited_lost}",
        ", ".join(verdict.not_ready) or "–",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def details(verdict: Verdict) -> list[str]:
    """Failures by kind, and every sentence about what was lost or damaged."""
    kinds = ", ".join(f"{name} {count}" for name, count in verdict.failures.most_common())
    found = [f"  {sentence}" for sentence in (*verdict.lost, *verdict.damaged)]
    return [f"{verdict.name}: {kinds or 'no failures'}", *found[:20]]


def save(place: Path, verdicts: Sequence[Verdict]) -> None:
    """The table and the kinds of failures, as Markdown."""
    lines = [HEAD, *map(line, verdicts), "", *(f"- {text}" for v in verdicts for text in details(v))]
    place.write_text("\n".join(lines) + "\n")
