"""Who works, and on which rows: leases and claims, each taken by a conditional update that counts its rows."""

from collections.abc import Container, Sequence
from datetime import datetime

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.batches.leases import lease_end, living_lease
from apps.batches.models import BatchItem, BatchRun, BatchState, CodeBatch, ItemState
from apps.codes.lifetime import AnswerLost

RENEW_SECONDS = 3.0


def take_lease(miniprogram_id: int, *, owner: str, process: str) -> bool:
    """Become the one run of this mini-program, unless another one lives; answer whether it worked."""
    now = timezone.now()
    run, is_new = BatchRun.objects.get_or_create(
        miniprogram_id=miniprogram_id,
        defaults={"owner": owner, "process": process, "lease_until": lease_end(now)},
    )
    if is_new:
        return True
    free = BatchRun.objects.filter(pk=run.pk).exclude(living_lease(now))
    return free.update(owner=owner, process=process, lease_until=lease_end(now)) == 1


def renew_lease(miniprogram_id: int, *, owner: str) -> bool:
    """Whether this run still is the one; it is for another LEASE_SECONDS then."""
    mine = BatchRun.objects.filter(miniprogram_id=miniprogram_id, owner=owner)
    return mine.update(lease_until=lease_end(timezone.now())) == 1


def end_lease(miniprogram_id: int, *, owner: str) -> None:
    """Let somebody else begin at once."""
    BatchRun.objects.filter(miniprogram_id=miniprogram_id, owner=owner).update(lease_until=timezone.now())


def take_back_orphans(batches: Sequence[CodeBatch], *, owner: str) -> int:
    """Free the rows that a run before this one was asking for; answer how many.

    Asking again is harmless for the unlimited kind, the same code comes. A row of a limited kind may have cost
    one of 100,000 already, so it fails as lost until an operator says otherwise.
    """
    count = 0
    for batch in batches:
        orphans = BatchItem.objects.filter(batch=batch, state=ItemState.ASKING).exclude(claim=owner)
        if not batch.is_limited_kind:
            count += orphans.update(state=ItemState.WAITING, claim="")
            continue
        lost = orphans.update(
            state=ItemState.FAILED,
            claim="",
            finished_at=timezone.now(),
            error=AnswerLost.code,
            detail=_("The worker stopped before WeChat’s response was saved."),
            advice=_(
                "Retry rows without a response to request the code again (WeChat’s console has no list of codes)."
            ),
        )
        CodeBatch.objects.filter(pk=batch.pk).update(failed=F("failed") + lost)
        count += lost
    return count


def claim_rows(batch: CodeBatch, *, owner: str, limit: int) -> list[BatchItem]:
    """Up to `limit` waiting rows that from now on only this run asks for."""
    waiting = BatchItem.objects.filter(batch=batch, state=ItemState.WAITING).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:limit])
    if not ids:
        return []
    taken = BatchItem.objects.filter(pk__in=ids, state=ItemState.WAITING)
    taken.update(state=ItemState.ASKING, claim=owner)
    return list(BatchItem.objects.filter(pk__in=ids, state=ItemState.ASKING, claim=owner).order_by("pk"))


def release_rows(item_ids: Sequence[int], *, owner: str) -> None:
    """Give back rows that were claimed and not asked for."""
    if not item_ids:
        return
    mine = BatchItem.objects.filter(pk__in=item_ids, state=ItemState.ASKING, claim=owner)
    mine.filter(batch__state=BatchState.CANCELLED).update(state=ItemState.CANCELLED, claim="")
    mine.update(state=ItemState.WAITING, claim="")


def release_strays(miniprogram_id: int, *, owner: str, known: Container[int]) -> None:
    """Give back the rows that `owner` has claimed without knowing of it, whatever has become of their batches."""
    claimed = BatchItem.objects.filter(batch__miniprogram=miniprogram_id, state=ItemState.ASKING, claim=owner)
    release_rows([pk for pk in claimed.values_list("pk", flat=True) if pk not in known], owner=owner)


def tidy_cancelled(now: datetime) -> None:
    """End the rows of cancelled batches that a dead run was asking for."""
    left = BatchItem.objects.filter(batch__state=BatchState.CANCELLED, state=ItemState.ASKING)
    is_attended = living_lease(now, path="batch__miniprogram__batch_run__")
    pks = list(left.exclude(is_attended).values_list("pk", flat=True)[:1000])
    BatchItem.objects.filter(pk__in=pks, state=ItemState.ASKING).update(state=ItemState.CANCELLED, claim="")
