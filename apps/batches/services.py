"""What people do with batches: pause, resume, cancel, retry, rename; and the sweep that finds work left behind."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.batches import claims
from apps.batches.errors import WrongState
from apps.batches.holding import NOT_HELD
from apps.batches.models import BatchItem, BatchState, CodeBatch, ItemState
from apps.codes.lifetime import AnswerLost
from apps.errors import InvalidRequest

# Sent with `miniprogram_id` when its batches need somebody to work on them.
work_waiting = Signal()
# An import that takes longer has died with its process.
RECEIVING_LONGEST = timedelta(hours=1)
NO_ERROR = {"error": "", "errcode": None, "rid": "", "detail": "", "advice": ""}


def pause_batch(batch: CodeBatch, *, by: str = "") -> None:
    """Stop asking for its rows; what is under way is finished. `by`: `staff:anna`. Raises WrongState."""
    stopped = {"state": BatchState.PAUSED, "stopped_by": by, "stopped_at": timezone.now()}
    _change(batch, (BatchState.RUNNING, BatchState.HELD), {**stopped, **NOT_HELD})


def resume_batch(batch: CodeBatch) -> None:
    """Go on: after a person's pause, or before the time that a held batch would wait. Raises WrongState."""
    running = {"state": BatchState.RUNNING, "stopped_by": "", "stopped_at": None}
    _change(batch, (BatchState.PAUSED, BatchState.HELD), {**running, **NOT_HELD})
    wake(batch.miniprogram_id)


def cancel_batch(batch: CodeBatch, *, by: str = "") -> None:
    """End it; codes that were issued stay, what is under way may still become one. Raises WrongState."""
    states = (BatchState.RUNNING, BatchState.HELD, BatchState.PAUSED)
    now = timezone.now()
    stopped = {"state": BatchState.CANCELLED, "finished_at": now, "stopped_by": by, "stopped_at": now}
    with transaction.atomic():
        _change(batch, states, {**stopped, **NOT_HELD})
        BatchItem.objects.filter(batch=batch, state=ItemState.WAITING).update(state=ItemState.CANCELLED)


def retry_failed(batch: CodeBatch, *, include_lost: bool = False) -> int:
    """Ask again for the rows that failed; answer how many.

    `include_lost` also asks for rows of a limited kind whose answer was lost: each may cost a second one of the
    100,000. Raises WrongState.
    """
    with transaction.atomic():
        current = CodeBatch.objects.select_for_update().get(pk=batch.pk)
        if current.state not in (BatchState.DONE, BatchState.RUNNING, BatchState.HELD, BatchState.PAUSED):
            raise _wrong_state(current)
        failed = BatchItem.objects.filter(batch=batch, state=ItemState.FAILED)
        if not include_lost:
            failed = failed.exclude(error=AnswerLost.code)
        count: int = failed.update(state=ItemState.WAITING, attempts=0, finished_at=None, **NO_ERROR)
        if count:
            changes: dict[str, Any] = {"failed": F("failed") - count, "finished_at": None, "announced_at": None}
            if current.state == BatchState.DONE:
                changes |= {"state": BatchState.RUNNING, **NOT_HELD}
            CodeBatch.objects.filter(pk=batch.pk).update(**changes)
    batch.refresh_from_db()
    wake(batch.miniprogram_id)
    return count


def rename_batch(batch: CodeBatch, *, name: str) -> None:
    """Raises InvalidRequest."""
    clean = " ".join(name.split())
    longest = CodeBatch._meta.get_field("name").max_length
    if not clean or not clean.isprintable() or len(clean) > (longest or 0):
        message = str(_("Use 1 to %(most)d visible characters.") % {"most": longest})
        raise InvalidRequest(_("This name cannot be used."), errors={"name": [message]})
    batch.name = clean
    batch.save(update_fields=["name"])


def announce(batches: list[CodeBatch]) -> None:
    """Remember that people have been told that these have ended."""
    CodeBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(announced_at=timezone.now())


def wake(miniprogram_id: int) -> None:
    """Have somebody work on its batches as soon as the present transaction is stored."""
    transaction.on_commit(partial(work_waiting.send, sender=None, miniprogram_id=miniprogram_id))


def sweep() -> list[int]:
    """The ids of the mini-programs whose batches nobody attends to; tidies up what can never go on."""
    now = timezone.now()
    CodeBatch.objects.filter(state=BatchState.RECEIVING, created_at__lt=now - RECEIVING_LONGEST).delete()
    claims.tidy_cancelled(now)
    unattended = CodeBatch.objects.unattended(now).order_by()
    return list(unattended.values_list("miniprogram_id", flat=True).distinct())


def _change(batch: CodeBatch, states: tuple[BatchState, ...], changes: dict[str, object]) -> None:
    """Only if it is still in one of `states`; nobody else's change is overwritten."""
    if not CodeBatch.objects.filter(pk=batch.pk, state__in=states).update(**changes):
        raise _wrong_state(CodeBatch.objects.get(pk=batch.pk))
    batch.refresh_from_db()


def _wrong_state(batch: CodeBatch) -> WrongState:
    return WrongState(
        _("Not possible: the batch is “%(state)s”.") % {"state": batch.get_state_display()},
        advice=_("Reload the batch: its state has changed."),
    )
