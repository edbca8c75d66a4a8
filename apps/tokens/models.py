"""TokenEvent: what happened to a mini-program's access token, when, why, and by whom."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.miniprograms.models import MiniProgram, TokenMode


class Trigger(models.TextChoices):
    """Why a refresh was tried."""

    SCHEDULE = "schedule", _("schedule")
    MISSING = "missing", _("no token available")
    REJECTED = "rejected", _("WeChat rejected the token")
    OPERATOR = "operator", _("operator")
    COMMAND = "command", _("command line")


class Outcome(models.TextChoices):
    """How it ended."""

    REFRESHED = "refreshed", _("new token")
    UNCHANGED = "unchanged", _("same token, still good")
    OUTRUN = "outrun", _("a newer token already existed")
    FAILED = "failed", _("failed")
    DIED_EARLY = "died_early", _("expired early")
    PAUSED = "paused", _("paused by an operator")
    RESUMED = "resumed", _("resumed by an operator")
    QUOTA_CLEARED = "quota_cleared", _("quota cleared")


class TokenEventQuerySet(models.QuerySet["TokenEvent"]):
    """Questions over token events."""

    def older_than(self, moment: datetime) -> "TokenEventQuerySet":
        return self.filter(at__lt=moment)

    def thefts_since(self, moment: datetime) -> "TokenEventQuerySet":
        return self.filter(outcome=Outcome.DIED_EARLY, at__gte=moment)


class TokenEvent(models.Model):
    """One line of a token's history. Never holds a token or a secret."""

    miniprogram = models.ForeignKey(
        MiniProgram, on_delete=models.CASCADE, related_name="token_events", verbose_name=_("mini-program")
    )
    at = models.DateTimeField(_("when"), auto_now_add=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    trigger = models.CharField(_("why"), max_length=16, choices=Trigger)
    requested_by = models.CharField(_("by"), max_length=150, blank=True)
    token_mode = models.CharField(_("token mode"), max_length=16, choices=TokenMode)
    is_forced = models.BooleanField(_("forced"), default=False)
    took_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    expires_at = models.DateTimeField(_("token expires at"), null=True, blank=True)
    code = models.CharField(_("error"), max_length=64, blank=True)
    errcode = models.IntegerField(_("errcode"), null=True, blank=True)
    rid = models.CharField(_("rid"), max_length=64, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)

    objects: ClassVar[Any] = TokenEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("token event")
        verbose_name_plural = _("token events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["miniprogram", "-id"], name="tokenevent_miniprogram"),
            models.Index(fields=["at"], name="tokenevent_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} · {date_format(timezone.localtime(self.at), 'SHORT_DATETIME_FORMAT')}"
