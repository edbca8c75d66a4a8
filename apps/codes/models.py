"""IssuedCode, where the picture lives and what the history remembers, and FailedAttempt, what WeChat refused."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.clients.models import ApiClient
from apps.miniprograms.models import EnvVersion, MiniProgram
from apps.wechat.types import LIFETIME_CODES, PAGE_MAX_LENGTH, SCENE_MAX_LENGTH, WIDTH_DEFAULT

LABEL_MAX_LENGTH = 100
TAG_MAX_LENGTH = 50
EXTERNAL_ID_MAX_LENGTH = 100
LIFETIME_WARN_SHARE = 0.8


class Kind(models.TextChoices):
    """Which of WeChat's code APIs made it."""

    UNLIMITED = "unlimited", _("unlimited (getwxacodeunlimit)")
    LIMITED = "limited", _("limited (getwxacode)")
    QRCODE = "qrcode", _("square QR code (createwxaqrcode)")


# one of 100,000 that a mini-program has for its life; they take a path instead of scene and page
PATH_KINDS = frozenset({Kind.LIMITED.value, Kind.QRCODE.value})


class Door(models.TextChoices):
    """How the request came in."""

    API = "api", _("API")
    GALLERY = "gallery", _("gallery")
    WECHAT = "wechat", _("WeChat's own paths")
    EXTEND = "extend", _("older service: /api/extend/")
    QRCODE = "qrcode", _("older service: /api/qrcode")


class Tag(models.Model):
    """A word that people file codes under."""

    name = models.CharField(_("name"), max_length=TAG_MAX_LENGTH, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class IssuedCodeQuerySet(models.QuerySet["IssuedCode"]):
    """Questions over issued codes."""

    def visible_to(self, appids: frozenset[str] | None) -> "IssuedCodeQuerySet":
        """Those of the mini-programs `appids`; None means all of them."""
        return self if appids is None else self.filter(miniprogram__appid__in=appids)

    def current(self) -> "IssuedCodeQuerySet":
        """Those not archived."""
        return self.filter(archived_at=None)

    def with_facts(self) -> "IssuedCodeQuerySet":
        """With everything that a list shows, in two queries however many rows."""
        return self.select_related("miniprogram", "client").prefetch_related("tags")

    def matching(self, words: str) -> "IssuedCodeQuerySet":
        """Those whose scene, label, page or external_id contains every one of `words`."""
        found = self
        for word in words.lower().split():
            found = found.filter(search_text__contains=word)
        return found


class IssuedCode(models.Model):
    """A mini-program code that was issued: its parameters as sent to WeChat, its picture, its story."""

    miniprogram = models.ForeignKey(
        MiniProgram, on_delete=models.PROTECT, related_name="codes", verbose_name=_("mini-program")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.UNLIMITED)
    scene = models.CharField(_("scene"), max_length=SCENE_MAX_LENGTH, blank=True)
    page = models.CharField(
        _("page"),
        max_length=PAGE_MAX_LENGTH,
        blank=True,
        help_text=_("kinds limited and qrcode: the path with its query"),
    )
    env_version = models.CharField(_("env_version"), max_length=16, choices=EnvVersion)
    check_path = models.BooleanField(_("check_path"))
    width = models.PositiveIntegerField(_("width"), default=WIDTH_DEFAULT, help_text=_("pixels, as asked for"))
    auto_color = models.BooleanField(_("auto_color"), default=False)
    line_color = models.CharField(_("line_color"), max_length=7, default="#000000")
    is_hyaline = models.BooleanField(_("is_hyaline"), default=False)
    # sha256 over the canonical parameters: the same request is the same code
    digest = models.CharField(_("digest"), max_length=64)

    label = models.CharField(_("label"), max_length=LABEL_MAX_LENGTH, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="codes", verbose_name=_("tags"))
    external_id = models.CharField(_("external_id"), max_length=EXTERNAL_ID_MAX_LENGTH, blank=True)
    search_text = models.TextField(editable=False, default="")

    image = models.CharField(_("picture"), max_length=120, help_text=_("name in the media storage"))
    image_sha256 = models.CharField(_("picture's sha256"), max_length=64)
    image_size = models.PositiveIntegerField(_("picture's size (bytes)"))
    image_width = models.PositiveIntegerField(_("picture's width (pixels)"))
    media_type = models.CharField(_("media type"), max_length=32)
    num_used = models.PositiveIntegerField(
        _("codes used"),
        null=True,
        blank=True,
        help_text=_("kinds limited and qrcode: how many of the mini-program's 100,000 were used up with this one"),
    )

    client = models.ForeignKey(
        ApiClient,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="codes",
        verbose_name=_("API client"),
    )
    issued_by = models.CharField(_("issued by"), max_length=150)
    door = models.CharField(_("door"), max_length=16, choices=Door)
    issued_at = models.DateTimeField(_("issued at"), default=timezone.now)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    objects: ClassVar[Any] = IssuedCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("issued code")
        verbose_name_plural = _("issued codes")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["miniprogram", "digest"], name="issuedcode_same_request_same_code"),
            models.UniqueConstraint(
                fields=["client", "external_id"], condition=~Q(external_id=""), name="issuedcode_external_id"
            ),
        ]
        indexes = [
            models.Index(fields=["miniprogram", "-id"], name="issuedcode_miniprogram"),
            models.Index(fields=["miniprogram", "scene"], name="issuedcode_scene"),
            models.Index(fields=["issued_at"], name="issuedcode_issued_at"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What people call it: its label, else its scene, else its path."""
        return self.label or self.scene or self.page

    def fill_search_text(self) -> None:
        """Bring the search column in line with the fields that people search."""
        self.search_text = "\n".join((self.scene, self.label, self.page, self.external_id)).lower()


class FailedAttemptQuerySet(models.QuerySet["FailedAttempt"]):
    """Questions over failed attempts."""

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
    requested_by = models.CharField(_("by whom"), max_length=150)
    door = models.CharField(_("door"), max_length=16, choices=Door)
    code = models.CharField(_("error"), max_length=64)
    errcode = models.IntegerField(_("errcode"), null=True, blank=True)
    rid = models.CharField(_("rid"), max_length=64, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    took_ms = models.PositiveIntegerField(_("took (ms)"), default=0)

    objects: ClassVar[Any] = FailedAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("failed attempt")
        verbose_name_plural = _("failed attempts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["miniprogram", "-id"], name="failedattempt_miniprogram"),
            models.Index(fields=["at"], name="failedattempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.scene or self.page}: {self.errcode or self.code}"


class LifetimePool(models.Model):
    """How many of the 100,000 limited and square codes a mini-program has used; nothing ever brings one back."""

    miniprogram = models.OneToOneField(
        MiniProgram, on_delete=models.CASCADE, related_name="lifetime_pool", verbose_name=_("mini-program")
    )
    used = models.PositiveIntegerField(
        _("used"), default=0, help_text=_("counted here, and corrected by what WeChat says (Num-Used)")
    )
    uncertain = models.PositiveIntegerField(
        _("answers lost"), default=0, help_text=_("calls since then that WeChat may have counted, without an answer")
    )
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    class Meta:
        verbose_name = _("lifetime pool")
        verbose_name_plural = _("lifetime pools")
        ordering = ["-used"]

    def __str__(self) -> str:
        return f"{self.miniprogram_id}: {self.used} / {LIFETIME_CODES}"

    @property
    def share(self) -> float:
        """The part that is gone, lost answers counted as gone."""
        return (self.used + self.uncertain) / LIFETIME_CODES

    @property
    def is_warning(self) -> bool:
        return self.share >= LIFETIME_WARN_SHARE
