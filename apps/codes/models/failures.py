"""FailedAttempt: what WeChat or wxcode refused."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.codes.models.kinds import Door, Kind
from apps.miniprograms.models import MiniProgram
from apps.retold import tell_cure
from apps.wechat.types import PAGE_MAX_LENGTH, SCENE_MAX_LENGTH


class FailedAttemptQuerySet(models.QuerySet["FailedAttempt"]):
    """Questions over failed attempts."""

    def visible_to(self, appids: frozenset[str] | None) -> "FailedAttemptQuerySet":
        """Those of the mini-programs `appids`; None means all of them."""
        return self if appids is None else self.filter(miniprogram__appid__in=appids)

    def older_than(self, moment: datetime) -> "FailedAttemptQuerySet":
        return self.filter(at__lt=moment)


class FailedAttempt(models.Model):
    """A code that was asked for and not issued: what was asked, and what WeChat or wxcode said."""

    miniprogram = models.ForeignKey(
        MiniProgram, on_delete=models.CASCADE, related_name="failed_attempts", verbose_name=_("mini-program")
    )
    at = models.DateTimeField(_("when"), auto_now_add=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.UNLIMITED)
    scene = models.CharField(_("scene"), max_length=SCENE_MAX_LENGTH, blank=True)
    page = models.CharField(_("page"), max_length=PAGE_MAX_LENGTH, blank=True)
    env_version = models.CharField(_("env_version"), max_length=16)
    requested_by = models.CharField(_("by"), max_length=150)
    door = models.CharField(_("source"), max_length=16, choices=Door)
    code = models.CharField(_("error"), max_length=64)
    errcode = models.IntegerField(_("errcode"), null=True, blank=True)
    rid = models.CharField(_("rid"), max_length=64, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    took_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)

    objects: ClassVar[Any] = FailedAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("failed attempt")
        verbose_name_plural = _("failed attempts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["miniprogram", "-id"], name="failedattempt_miniprogram"),
            models.Index(fields=["errcode", "-id"], name="failedattempt_errcode"),
            models.Index(fields=["code", "-id"], name="failedattempt_code"),
            models.Index(fields=["at"], name="failedattempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.scene or self.page}: {self.errcode or self.code}"

    @property
    def cure(self) -> str:
        """What to do about WeChat's errcode, in the reader's language; empty where that is not known."""
        return tell_cure(self.errcode, "")
