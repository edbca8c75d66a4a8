"""What came of the orders, written in a handful of statements: codes first, then the rows, then the counts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch, ItemState
from apps.batches.orders import Outcome
from apps.codes.bulk import insert_codes, new_failed_attempt
from apps.codes.models import FailedAttempt, IssuedCode
from apps.codes.services import ExternalIdTaken, adopt_external_id
from apps.coordination.counting import tally
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram

DETAIL_MAX_LENGTH, ADVICE_MAX_LENGTH = 500, 1000


def write_outcomes(miniprogram: MiniProgram, outcomes: Sequence[Outcome], *, owner: str) -> None:
    """Store new codes, and end the rows that this run still owns. Safe to repeat after a failure.

    A row that another run has taken over meanwhile is left to that one, which finds the code by its digest.
    """
    drawn = [outcome for outcome in outcomes if outcome.code is not None]
    with transaction.atomic():
        ids = insert_codes(
            [outcome.code for outcome in drawn if outcome.code is not None],
            tags={outcome.order.digest: outcome.order.request.tags for outcome in drawn},
        )
        for outcome in outcomes:
            _settle(outcome, ids)
        counts = _end_issued(miniprogram, [o for o in outcomes if o.error is None], owner=owner)
        counts += _end_failed([o for o in outcomes if o.error is not None], owner=owner)
        _count(counts)
        attempts = [
            new_failed_attempt(miniprogram, o.order.request, o.order.issuer, o.error, took_ms=o.took_ms)
            for o in outcomes
            if o.error is not None
        ]
        if attempts:
            FailedAttempt.objects.bulk_create(attempts)
    # after the commit: a repetition after a failure counts once
    for outcome in outcomes:
        result = outcome.error.code if outcome.error else "reused" if outcome.is_reused else "issued"
        tally("codes", miniprogram.appid, result)


def _settle(outcome: Outcome, ids: Mapping[str, int]) -> None:
    """Fill in the id of the code, or why there is none after all."""
    if outcome.error is not None:
        return
    if outcome.code_id is None:
        outcome.code_id = ids.get(outcome.order.digest)
    if outcome.code_id is None:
        outcome.error = ExternalIdTaken(
            _("Another code took this external_id in the meantime."), advice=_("Use another external_id.")
        )
        return
    if outcome.is_reused and outcome.order.request.external_id:
        try:
            adopt_external_id(IssuedCode.objects.get(pk=outcome.code_id), outcome.order.request, outcome.order.issuer)
        except WxcodeError as error:
            outcome.error = error


def _end_issued(miniprogram: MiniProgram, outcomes: Sequence[Outcome], *, owner: str) -> Counter[tuple[int, str]]:
    counts: Counter[tuple[int, str]] = Counter()
    # the database finds each row's code by its digest: a statement with an id for every row costs ten times as much
    same = IssuedCode.objects.filter(miniprogram=miniprogram, digest=OuterRef("digest"))
    groups: dict[tuple[int, bool], list[int]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.order.batch_id, outcome.is_reused), []).append(outcome.order.item_id)
    for (batch_id, is_reused), item_ids in groups.items():
        ended = _mine(item_ids, owner).update(
            state=ItemState.ISSUED,
            claim="",
            is_reused=is_reused,
            finished_at=timezone.now(),
            code_id=Subquery(same.values("pk")[:1]),
        )
        counts[batch_id, "issued"] += ended
        counts[batch_id, "reused"] += ended if is_reused else 0
    return counts


def _end_failed(outcomes: Sequence[Outcome], *, owner: str) -> Counter[tuple[int, str]]:
    counts: Counter[tuple[int, str]] = Counter()
    for outcome in outcomes:
        error = outcome.error
        if error is None:
            continue
        counts[outcome.order.batch_id, "failed"] += _mine([outcome.order.item_id], owner).update(
            state=ItemState.FAILED,
            claim="",
            finished_at=timezone.now(),
            attempts=outcome.order.attempts,
            error=error.code,
            errcode=error.errcode,
            rid=error.rid or "",
            detail=str(error)[:DETAIL_MAX_LENGTH],
            advice=str(error.advice)[:ADVICE_MAX_LENGTH],
        )
    return counts


def _count(counts: Counter[tuple[int, str]]) -> None:
    for batch_id in {batch_id for batch_id, _column in counts}:
        more = {column: F(column) + n for (owner_id, column), n in counts.items() if owner_id == batch_id and n}
        if more:
            CodeBatch.objects.filter(pk=batch_id).update(**more)


def _mine(item_ids: Sequence[int], owner: str) -> BatchItemQuerySet:
    mine: BatchItemQuerySet = BatchItem.objects.filter(pk__in=item_ids, state=ItemState.ASKING, claim=owner)
    return mine
