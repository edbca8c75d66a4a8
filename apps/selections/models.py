"""Selection, the codes that a person has chosen; and SelectionJob, the work on them, with how far it is."""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

IDS_NAMED = 5


class Action(models.TextChoices):
    """What is done with the codes of a selection."""

    TAG = "tag", _("add tags")
    UNTAG = "untag", _("remove tags")
    ARCHIVE = "archive", _("archive")
    RESTORE = "restore", _("restore from the archive")
    PRINT = "print", _("print sheets")


class JobState(models.TextChoices):
    """Where a job is in its life."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


OPEN_STATES = (JobState.WAITING, JobState.RUNNING)


class Selection(models.Model):
    """Which codes, in the order of their issue, as they were found when `user` chose them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="selections", verbose_name=_("user")
    )
    # the address bar from ? on, empty for all codes; None: ticked one by one
    search = models.TextField(_("search"), null=True, blank=True)  # noqa: DJ001  (empty is a search as well)
    code_ids: "models.JSONField[Any, list[int]]" = models.JSONField(_("codes"), default=list)
    count = models.PositiveIntegerField(_("number of codes"))
    created_at = models.DateTimeField(_("chosen at"), auto_now_add=True)

    class Meta:
        verbose_name = _("selection")
        verbose_name_plural = _("selections")
        ordering = ["-id"]

    def __str__(self) -> str:
        """`12: ?q=tea`, in every language."""
        return f"{self.count}: {self.named()}"

    def named(self) -> str:
        """Which codes: by the search, or the first of their ids."""
        if self.search is not None:
            return self.search or "?"
        return f"{', '.join(map(str, self.code_ids[:IDS_NAMED]))}{', …' if self.count > IDS_NAMED else ''}"


class SelectionJobQuerySet(models.QuerySet["SelectionJob"]):
    """Questions over jobs."""

    def open(self) -> "SelectionJobQuerySet":
        """Those that have not ended."""
        return self.filter(state__in=OPEN_STATES)

    def unattended(self, now: datetime) -> "SelectionJobQuerySet":
        """Open ones that nobody works on at `now`."""
        return self.open().filter(Q(lease_until=None) | Q(lease_until__lte=now))

    def attended(self, now: datetime) -> "SelectionJobQuerySet":
        """Open ones that somebody works on at `now`."""
        return self.open().filter(lease_until__gt=now)

    def to_announce(self, user_id: int) -> "SelectionJobQuerySet":
        """Those of the user that have ended without them having been told."""
        return self.filter(selection__user=user_id, finished_at__isnull=False, announced_at=None)

    def to_tell(self, user_id: int) -> "SelectionJobQuerySet":
        """Those to announce, and behind them the open ones."""
        mine = self.filter(selection__user=user_id, announced_at=None)
        return mine.order_by(F("finished_at").desc(nulls_last=True), "-pk")


class SelectionJob(models.Model):
    """One action on all codes of a selection. `done` of the `total` ids are behind it; a chunk is done once."""

    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="jobs", verbose_name=_("selection"))
    action = models.CharField(_("action"), max_length=16, choices=Action)
    # tags: the names; print: the answers to the form; language: of the person who asked
    options: "models.JSONField[Any, dict[str, Any]]" = models.JSONField(_("options"), default=dict)
    state = models.CharField(_("state"), max_length=16, choices=JobState, default=JobState.WAITING)
    total = models.PositiveIntegerField(_("codes"))
    done = models.PositiveIntegerField(_("done"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    # those that are gone meanwhile, or that the person may not see any more
    left_out = models.PositiveIntegerField(_("skipped"), default=0)
    # those that have no room for more tags
    full = models.PositiveIntegerField(_("tag limit reached"), default=0)
    # [{"place": name in the media storage, "size": bytes, "count": codes}, ...], one for each part
    files: "models.JSONField[Any, list[dict[str, Any]]]" = models.JSONField(_("files"), default=list)
    problem = models.CharField(_("problem"), max_length=500, blank=True)

    # who works on it, until when unless renewed, and how often somebody has begun without getting on
    owner = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    announced_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[Any] = SelectionJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("work on a selection")
        verbose_name_plural = _("bulk actions")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "id"], name="selectionjob_state")]

    def __str__(self) -> str:
        """Which codes; what was done with them is a sentence of the audit trail."""
        return str(self.selection)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def percent(self) -> int:
        return 100 * self.done // max(self.total, 1)
