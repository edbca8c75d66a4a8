"""CodeBatch, its rows, who is working on them, and how much a client may ask for."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.batches.leases import living_lease
from apps.batches.verdicts import LONGEST_PAUSE
from apps.clients.models import ApiClient
from apps.codes.models import EXTERNAL_ID_MAX_LENGTH, LABEL_MAX_LENGTH, Door, IssuedCode, Kind
from apps.miniprograms.labels import name_in
from apps.miniprograms.models import EnvVersion, MiniProgram
from apps.retold import tell_cause, tell_cure

NAME_MAX_LENGTH = 100
# about those that `unattended` finds
UNATTENDED = _("Stalled: no worker has picked it up. Check that the worker and beat are running.")
MAX_ROWS = 100_000
MAX_OPEN = 20


class BatchState(models.TextChoices):
    """Where a batch is in its life."""

    RECEIVING = "receiving", _("receiving")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    HELD = "held", _("on hold (WeChat or wxcode is refusing requests)")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


class ItemState(models.TextChoices):
    """Where a row is in its life."""

    WAITING = "waiting", _("waiting")
    ASKING = "asking", _("requesting")
    ISSUED = "issued", _("created")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


OPEN_STATES = (BatchState.RECEIVING, BatchState.RUNNING, BatchState.PAUSED, BatchState.HELD)


def pause_is_over(now: datetime) -> Q:
    """The condition that a batch was held for a while, and that the while is over at `now`.

    A pause that ends later than one can last was begun by a clock that was wrong, and would hold the batch until then.
    """
    believable = now + timedelta(seconds=2 * LONGEST_PAUSE)
    return Q(state=BatchState.HELD) & (Q(resume_at__lte=now) | Q(resume_at__gt=believable))


class CodeBatchQuerySet(models.QuerySet["CodeBatch"]):
    """Questions over batches."""

    def visible_to(self, appids: frozenset[str] | None) -> "CodeBatchQuerySet":
        """Those of the mini-programs `appids`; None means all of them."""
        return self if appids is None else self.filter(miniprogram__appid__in=appids)

    def open(self) -> "CodeBatchQuerySet":
        """Those that are neither done nor cancelled."""
        return self.filter(state__in=OPEN_STATES)

    def due(self, now: datetime) -> "CodeBatchQuerySet":
        """Those that somebody should be working on at `now`."""
        return self.filter(Q(state=BatchState.RUNNING) | pause_is_over(now))

    def unattended(self, now: datetime) -> "CodeBatchQuerySet":
        """Those due that no living run attends to."""
        return self.due(now).exclude(living_lease(now, path="miniprogram__batch_run__"))

    def to_announce(self, issued_by: str) -> "CodeBatchQuerySet":
        """Those of `issued_by` that have ended without anybody having been told."""
        return self.filter(issued_by=issued_by, finished_at__isnull=False, announced_at=None)

    def with_facts(self) -> "CodeBatchQuerySet":
        """With everything that a list shows, in one query."""
        return self.select_related("miniprogram", "client")


class CodeBatch(models.Model):
    """Many codes that were asked for together: whose they are, how far they are, and what keeps them."""

    miniprogram = models.ForeignKey(
        MiniProgram, on_delete=models.PROTECT, related_name="batches", verbose_name=_("mini-program")
    )
    name = models.CharField(_("name"), max_length=NAME_MAX_LENGTH)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.UNLIMITED)
    state = models.CharField(_("state"), max_length=16, choices=BatchState, default=BatchState.RECEIVING)
    auto_color = models.BooleanField(_("auto_color"), default=False)
    line_color = models.CharField(_("line_color"), max_length=7, default="#000000")
    is_hyaline = models.BooleanField(_("is_hyaline"), default=False)
    # the columns that wxcode does not know, in their order: for captions and for the way back into a table
    columns = models.JSONField(_("extra columns"), default=list, blank=True)

    total = models.PositiveIntegerField(_("rows"), default=0)
    issued = models.PositiveIntegerField(_("created"), default=0)
    reused = models.PositiveIntegerField(_("already existed"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    # up to twelve pairs of Unix time and rows done, five seconds apart: the speed
    pace = models.JSONField(default=list, editable=False)

    hold_code = models.CharField(_("on hold because of"), max_length=64, blank=True)
    hold_errcode = models.IntegerField(_("errcode"), null=True, blank=True)
    hold_rid = models.CharField(_("rid"), max_length=64, blank=True)
    hold_detail = models.CharField(_("reason"), max_length=500, blank=True)
    hold_advice = models.CharField(_("what to do"), max_length=1000, blank=True)
    resume_at = models.DateTimeField(_("next retry at"), null=True, blank=True)

    client = models.ForeignKey(
        ApiClient,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="batches",
        verbose_name=_("API client"),
    )
    issued_by = models.CharField(_("started by"), max_length=150)
    door = models.CharField(_("source"), max_length=16, choices=Door)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    announced_at = models.DateTimeField(null=True, editable=False)
    # who paused or cancelled it, and when; empty once it goes on
    stopped_by = models.CharField(max_length=150, blank=True, default="", db_default="", editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    # of the request that ordered it, if that carried an Idempotency-Key: written with its last row
    repeat_name = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    repeat_fingerprint = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    objects: ClassVar[Any] = CodeBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state"], name="codebatch_state"),
            models.Index(fields=["miniprogram", "-id"], name="codebatch_miniprogram"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["repeat_name"], condition=~Q(repeat_name=""), name="codebatch_once_per_request"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def waiting(self) -> int:
        """Rows that are neither issued nor failed."""
        return max(self.total - self.issued - self.failed, 0)

    @property
    def stopped_by_name(self) -> str:
        """`anna` for `staff:anna`."""
        return name_in(self.stopped_by)

    @property
    def stopped_words(self) -> str:
        """Who paused or cancelled it, and when; empty where nobody did, or that is not known."""
        words = {
            BatchState.PAUSED: _("paused by %(who)s at %(when)s"),
            BatchState.CANCELLED: _("cancelled by %(who)s at %(when)s"),
        }.get(BatchState(self.state))
        if words is None or self.stopped_at is None or not self.stopped_by:
            return ""
        return words % {
            "who": self.stopped_by_name,
            "when": date_format(timezone.localtime(self.stopped_at), "DATETIME_FORMAT"),
        }

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def hold_cause(self) -> str:
        """Why it is on hold, in the active language, whatever the worker's was."""
        return tell_cause(self.hold_errcode, self.hold_detail)

    @property
    def hold_cure(self) -> str:
        """What to do about it, in the active language."""
        return tell_cure(self.hold_errcode, self.hold_advice)

    @property
    def is_limited_kind(self) -> bool:
        """Whether a code of this kind is taken from the pool of 100,000, so that none may be asked for twice."""
        return self.kind != Kind.UNLIMITED


class BatchItemQuerySet(models.QuerySet["BatchItem"]):
    """Questions over rows."""

    def matching(self, words: str) -> "BatchItemQuerySet":
        """Those whose scene, label or external_id contains every one of `words`."""
        found = self
        for word in words.split():
            found = found.filter(Q(scene__icontains=word) | Q(label__icontains=word) | Q(external_id__icontains=word))
        return found

    def with_codes(self) -> "BatchItemQuerySet":
        return self.select_related("code")


class BatchItem(models.Model):
    """One row: what was asked for, how it ended, and the code that came of it."""

    batch = models.ForeignKey(CodeBatch, on_delete=models.CASCADE, related_name="items", verbose_name=_("batch"))
    row = models.PositiveIntegerField(_("row"), help_text=_("row number in the file"))
    scene = models.CharField(_("scene"), max_length=1024)
    page = models.CharField(_("page"), max_length=1024, blank=True)
    env_version = models.CharField(_("env_version"), max_length=16, choices=EnvVersion)
    check_path = models.BooleanField(_("check_path"))
    width = models.PositiveIntegerField(_("width"))
    label = models.CharField(_("label"), max_length=LABEL_MAX_LENGTH, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    external_id = models.CharField(_("external_id"), max_length=EXTERNAL_ID_MAX_LENGTH, blank=True)
    extra = models.JSONField(_("extra columns"), default=dict, blank=True)
    digest = models.CharField(_("digest"), max_length=64)

    state = models.CharField(_("state"), max_length=16, choices=ItemState, default=ItemState.WAITING)
    # the run that asks for it; an answer counts only while this is still the same
    claim = models.CharField(max_length=32, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    code = models.ForeignKey(
        IssuedCode, on_delete=models.SET_NULL, null=True, blank=True, related_name="batch_items", verbose_name=_("code")
    )
    is_reused = models.BooleanField(_("already existed"), default=False)
    error = models.CharField(_("error"), max_length=64, blank=True)
    errcode = models.IntegerField(_("errcode"), null=True, blank=True)
    rid = models.CharField(_("rid"), max_length=64, blank=True)
    detail = models.CharField(_("reason"), max_length=500, blank=True)
    advice = models.CharField(_("what to do"), max_length=1000, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects: ClassVar[Any] = BatchItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("row")
        verbose_name_plural = _("rows")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["batch", "state", "id"], name="batchitem_work"),
            # the codes of a batch, newest first
            models.Index(fields=["batch", "-code"], name="batchitem_codes"),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.label or self.scene}"

    @property
    def title(self) -> str:
        """What people call it: its label, else its scene."""
        return self.label or self.scene

    @property
    def cause(self) -> str:
        """Why it failed, in the active language, whatever the worker's was."""
        return tell_cause(self.errcode, self.detail)

    @property
    def cure(self) -> str:
        """What to do about it, in the active language."""
        return tell_cure(self.errcode, self.advice)


class BatchRun(models.Model):
    """Who works on the batches of a mini-program: one run at a time, as long as it renews its lease."""

    miniprogram = models.OneToOneField(
        MiniProgram, on_delete=models.CASCADE, related_name="batch_run", verbose_name=_("mini-program")
    )
    owner = models.CharField(_("run"), max_length=32, blank=True)
    process = models.CharField(_("process"), max_length=100, blank=True)
    lease_until = models.DateTimeField(_("lease expires at"))

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["miniprogram"]

    def __str__(self) -> str:
        return f"{self.miniprogram}: {self.process}"


class BatchLimit(models.Model):
    """How much one API client may ask for; without a row, the defaults."""

    client = models.OneToOneField(
        ApiClient, on_delete=models.CASCADE, related_name="batch_limit", verbose_name=_("API client")
    )
    max_rows = models.PositiveIntegerField(_("rows per batch"), default=MAX_ROWS)
    max_open = models.PositiveIntegerField(_("open batches"), default=MAX_OPEN)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        ordering = ["client"]
        constraints = [
            models.CheckConstraint(condition=Q(max_rows__lte=MAX_ROWS), name="batchlimit_max_rows"),
        ]

    def __str__(self) -> str:
        return str(self.client)
