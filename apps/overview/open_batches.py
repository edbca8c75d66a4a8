"""Batches that are not done: what holds them, how far they are, and the button that lets them go on."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, Case, Count, IntegerField, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.batches.models import UNATTENDED, BatchState, CodeBatch
from apps.batches.progress import Progress, find_progress
from apps.miniprograms.grants import Viewer, only_visible
from apps.tokens.cures import Button

BATCHES_SHOWN = 6


@dataclass(frozen=True)
class OpenBatch:
    """One batch; `warning` says that nobody works on it though somebody should."""

    batch: CodeBatch
    progress: Progress
    warning: str
    button: Button | None

    @property
    def look(self) -> str:
        if self.is_stuck:
            return "bad"
        return "paused" if self.batch.state == BatchState.PAUSED else "good"

    @property
    def is_stuck(self) -> bool:
        """Whether it needs somebody."""
        return self.batch.state == BatchState.HELD or bool(self.warning)

    @property
    def word(self) -> str:
        """The state in a word or two; the reason stands beside it."""
        if self.warning:
            return _("stalled")
        if self.batch.state == BatchState.HELD:
            return _("on hold")
        return _("paused") if self.batch.state == BatchState.PAUSED else str(self.batch.get_state_display())


@dataclass(frozen=True)
class OpenBatches:
    """The most urgent ones, those that need somebody first; `stuck` of all `count` do."""

    listed: list[OpenBatch]
    count: int
    stuck: int


def find_open_batches(user: Viewer, *, now: datetime, limit: int) -> OpenBatches:
    """At most `limit` of the open batches that `user` may see. Two queries."""
    unattended = Q(pk__in=CodeBatch.objects.unattended(now).order_by().values("pk"))
    is_stuck = Q(state=BatchState.HELD) | unattended
    found = only_visible(CodeBatch.objects.open(), user)
    counts = found.order_by().aggregate(count=Count("*"), stuck=Count("pk", filter=is_stuck))
    urgency = Case(
        When(state=BatchState.HELD, then=Value(0)),
        When(unattended, then=Value(1)),
        When(state=BatchState.PAUSED, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    is_unattended = Case(When(unattended, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows = found.with_facts().annotate(is_unattended=is_unattended).order_by(urgency, "-id")[:limit]
    return OpenBatches([_describe(batch, is_unattended=batch.is_unattended) for batch in rows], **counts)


def _describe(batch: CodeBatch, *, is_unattended: bool) -> OpenBatch:
    button = None
    if batch.state in (BatchState.HELD, BatchState.PAUSED):
        button = Button(_("Resume"), reverse("admin:batches_codebatch_actions", args=[batch.pk, "resume"]))
    warning = str(UNATTENDED) if is_unattended else ""
    return OpenBatch(batch=batch, progress=find_progress(batch), warning=warning, button=button)
