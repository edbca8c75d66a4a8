"""How fast a batch is and how long it will take, from counts taken every few seconds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from apps.batches.models import BatchState, CodeBatch
from apps.codes.permits import PERMITS_PER_MINUTE

SAMPLE_SECONDS = 5.0
SAMPLES = 12
# A sample older than this says nothing about now: the run has died or stands still.
STALE_SECONDS = 30.0


@dataclass(frozen=True)
class Progress:
    """One look at a batch; `per_minute` over about the last minute, `seconds_left` None when it cannot be told."""

    total: int
    issued: int
    reused: int
    failed: int
    waiting: int
    per_minute: int
    seconds_left: int | None

    @property
    def percent(self) -> int:
        done = self.issued + self.failed
        return 100 if not self.total else done * 100 // self.total


class PaceKeeper:
    """Writes the pace of running batches into their rows, each every SAMPLE_SECONDS."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def note(self, batches: Sequence[CodeBatch]) -> None:
        """Take a sample if it is time; `batches` as just read from the database."""
        now = time.time()
        if now < self._next_at:
            return
        self._next_at = now + SAMPLE_SECONDS
        for batch in batches:
            sample = [round(now, 1), batch.issued + batch.failed]
            CodeBatch.objects.filter(pk=batch.pk).update(pace=[*batch.pace, sample][-SAMPLES:])


def find_progress(batch: CodeBatch, *, now: float | None = None) -> Progress:
    """The progress of `batch` at `now` (Unix seconds)."""
    per_minute = _per_minute(batch, time.time() if now is None else now)
    return Progress(
        total=batch.total,
        issued=batch.issued,
        reused=batch.reused,
        failed=batch.failed,
        waiting=batch.waiting,
        per_minute=per_minute,
        seconds_left=_seconds_left(batch, per_minute),
    )


def estimate_seconds(calls: int) -> int:
    """How long so many new codes take at the legal speed."""
    return -(-calls * 60 // PERMITS_PER_MINUTE)


def _per_minute(batch: CodeBatch, now: float) -> int:
    if batch.state != BatchState.RUNNING or not batch.pace or now - batch.pace[-1][0] > STALE_SECONDS:
        return 0
    since, done_then = batch.pace[0]
    if now - since < SAMPLE_SECONDS:
        # two rows in the first second would tell hours
        return 0
    return int((batch.issued + batch.failed - done_then) * 60 / (now - since))


def _seconds_left(batch: CodeBatch, per_minute: int) -> int | None:
    if not batch.is_open:
        return 0
    if batch.state != BatchState.RUNNING:
        return None
    return batch.waiting * 60 // per_minute if per_minute else estimate_seconds(batch.waiting)
