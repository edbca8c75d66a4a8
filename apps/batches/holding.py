"""Holding: when WeChat, the credentials or a part of wxcode refuses, batches wait, say why, and go on by themselves."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.batches.models import BatchItem, BatchState, CodeBatch, ItemState, pause_is_over
from apps.batches.orders import Outcome
from apps.batches.pacing import Pacer
from apps.batches.verdicts import (
    REFUSAL_STREAK,
    TROUBLE_STREAK,
    Verdict,
    judge,
    pause_seconds,
)
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)

# Shorter pauses are nobody's business; they would only make the state flicker.
SILENT_SECONDS = 1.0
NOT_HELD: dict[str, Any] = {
    "hold_code": "",
    "hold_errcode": None,
    "hold_rid": "",
    "hold_detail": "",
    "hold_advice": "",
    "resume_at": None,
    "pace": [],
}


class Holder:
    """Counts what goes wrong in a row, and moves batches between running and held."""

    def __init__(self, miniprogram: MiniProgram, pacer: Pacer) -> None:
        self._miniprogram = miniprogram
        self._pacer = pacer
        self._holds_in_a_row = 0
        self._failures_in_a_row = 0
        # per batch: the errcode that refuses its rows, and how often in a row
        self._refusals: dict[int, tuple[int, int]] = {}
        self._held_until = self._silent_until = 0.0
        # what the database is to be told: (batch id or None for all, reasons, when to try again)
        self._untold: list[tuple[int | None, dict[str, object], datetime | None]] = []

    @property
    def is_silent(self) -> bool:
        """Whether a pause has begun that the state of the batches does not show."""
        return time.monotonic() < self._silent_until

    def judge(self, outcome: Outcome) -> Verdict:
        """What becomes of the order; the batches are held if it comes to that."""
        error, order = outcome.error, outcome.order
        if error is None:
            self._holds_in_a_row = self._failures_in_a_row = 0
            self._refusals.pop(order.batch_id, None)
            return Verdict.TRY_AGAIN
        verdict = judge(error)
        if verdict is Verdict.FAIL_ROW:
            self._failures_in_a_row = 0
            self._count_refusal(order.batch_id, error)
        elif verdict is Verdict.TRY_AGAIN:
            self._failures_in_a_row += 1
            if self._pacer.is_probing or self._failures_in_a_row >= TROUBLE_STREAK:
                # the trouble is not this row's, so it is not counted against it
                self.hold(error)
            else:
                order.attempts += 1
        else:
            self.hold(error, needs_person=verdict is Verdict.HOLD_FOR_PERSON)
        return verdict

    def hold(self, error: WxcodeError, *, needs_person: bool = False) -> None:
        """Stop all running batches of the mini-program because of `error`."""
        if time.monotonic() < self._held_until and not needs_person:
            # one of those that were under way when the pause began
            return
        self._holds_in_a_row += 1
        self._failures_in_a_row = 0
        seconds = pause_seconds(error, in_a_row=self._holds_in_a_row)
        self._pacer.hold(seconds)
        self._held_until = time.monotonic() + seconds
        if seconds <= SILENT_SECONDS and not needs_person:
            self._silent_until = time.monotonic() + seconds
            return
        resume_at = None if needs_person else timezone.now() + timedelta(seconds=seconds)
        logger.warning("batches of %s wait: %s %s", self._miniprogram.appid, error.code, error.errcode or "")
        self._untold.append((None, _reasons(error), resume_at))

    def tell(self) -> None:
        """Write into the batches what was decided since; nothing is forgotten when the database is away."""
        while self._untold:
            batch_id, reasons, resume_at = self._untold[0]
            # the call after a pause may fail before its batch is marked as running again; else another one would follow
            due = CodeBatch.objects.due(timezone.now()).filter(miniprogram=self._miniprogram)
            if batch_id is not None:
                due = due.filter(pk=batch_id)
            due.update(state=BatchState.HELD, **reasons, resume_at=resume_at)
            self._untold.pop(0)

    def resume_due(self, now: datetime) -> None:
        """Let those go on whose pause is over."""
        waited = CodeBatch.objects.filter(pause_is_over(now), miniprogram=self._miniprogram)
        if waited.update(state=BatchState.RUNNING, **NOT_HELD):
            self.let_go()

    def let_go(self) -> None:
        """End the pause in this process: its time is over, or somebody pressed resume."""
        self._held_until = 0.0
        self._pacer.release()

    def finish_tried(self) -> None:
        """End those on hold for a person of which every row was tried meanwhile: nothing is left to resume."""
        held = CodeBatch.objects.filter(miniprogram=self._miniprogram, state=BatchState.HELD, resume_at=None)
        # once a second: those with rows left are not locked to find that out
        for batch in held.filter(~Exists(_open_rows(OuterRef("pk")))):
            self.finish_if_done(batch, state=BatchState.HELD)

    def finish_if_done(self, batch: CodeBatch, *, state: BatchState = BatchState.RUNNING) -> bool:
        """End `batch` if it is in `state` and none of its rows waits or is asked for; answer whether it has ended."""
        with transaction.atomic():
            # locked, so that a retry either comes before and is seen, or comes after and opens it again
            current = CodeBatch.objects.select_for_update().get(pk=batch.pk)
            if current.state != state or current.resume_at is not None or _open_rows(batch).exists():
                return False
            ended = {"state": BatchState.DONE, "finished_at": timezone.now(), **NOT_HELD}
            CodeBatch.objects.filter(pk=batch.pk).update(**ended)
        logger.info("batch %d is done: %d issued, %d failed", batch.pk, current.issued, current.failed)
        return True

    def _count_refusal(self, batch_id: int, error: WxcodeError) -> None:
        if error.errcode is None:
            return
        errcode, count = self._refusals.get(batch_id, (error.errcode, 0))
        count = count + 1 if errcode == error.errcode else 1
        self._refusals[batch_id] = (error.errcode, count)
        if count < REFUSAL_STREAK:
            return
        del self._refusals[batch_id]
        reasons = _reasons(error) | {
            "hold_advice": _(
                "WeChat refused %(count)d rows in a row for this reason. Fix the cause, or resume to "
                "continue anyway. %(cure)s"
            )
            % {"count": count, "cure": error.advice}
        }
        self._untold.append((batch_id, reasons, None))


def _open_rows(batch: Any) -> Any:
    return BatchItem.objects.filter(batch=batch, state__in=(ItemState.WAITING, ItemState.ASKING))


def _reasons(error: WxcodeError) -> dict[str, object]:
    return {
        "hold_code": error.code,
        "hold_errcode": error.errcode,
        "hold_rid": error.rid or "",
        "hold_detail": str(error)[:500],
        "hold_advice": str(error.advice)[:1000],
    }
