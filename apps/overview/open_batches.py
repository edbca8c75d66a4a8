"""Batches that are not done: what holds them, how far they are, and the button that lets them go on."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.batches.models import BatchState, CodeBatch
from apps.batches.progress import Progress, find_progress
from apps.miniprograms.grants import Viewer, only_visible

BATCHES_SHOWN = 6
STUCK_FIRST = Case(
    When(state=BatchState.HELD, then=Value(0)),
    When(state=BatchState.PAUSED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class OpenBatch:
    """One batch; `warning` says that nobody works on it though somebody should."""

    batch: CodeBatch
    progress: Progress
    warning: str
    resume_address: str

    @property
    def look(self) -> str:
        if self.batch.state == BatchState.HELD or self.warning:
            return "bad"
        return "paused" if self.batch.state == BatchState.PAUSED else "good"

    @property
    def word(self) -> str:
        """The state in a word or two; the reason stands beside it."""
        if self.batch.state == BatchState.HELD:
            return _("held")
        return _("paused") if self.batch.state == BatchState.PAUSED else str(self.batch.get_state_display())

    @property
    def reason(self) -> str:
        """Why it is held, in the active language."""
        return self.batch.hold_cause

    @property
    def cure(self) -> str:
        """What to do about it."""
        return self.batch.hold_cure


def find_open_batches(user: Viewer, *, now: datetime) -> tuple[list[OpenBatch], int]:
    """The most urgent open batches that `user` may see, held ones first, and how many there are. Three queries."""
    found = only_visible(CodeBatch.objects.open(), user)
    shown = list(found.with_facts().order_by(STUCK_FIRST, "-id")[:BATCHES_SHOWN])
    ids = [batch.pk for batch in shown]
    unattended = set(CodeBatch.objects.filter(pk__in=ids).unattended(now).values_list("pk", flat=True))
    return [_describe(batch, is_unattended=batch.pk in unattended) for batch in shown], found.count()


def _describe(batch: CodeBatch, *, is_unattended: bool) -> OpenBatch:
    is_stopped = batch.state in (BatchState.HELD, BatchState.PAUSED)
    warning = _("nobody works on it: is a worker running, and beat?") if is_unattended else ""
    resume = reverse("admin:batches_codebatch_actions", args=[batch.pk, "resume"]) if is_stopped else ""
    return OpenBatch(batch=batch, progress=find_progress(batch), warning=warning, resume_address=resume)
