"""MiniProgram, the account being coded for, and SealedSecret, its AppSecret under lock."""

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.wechat.types import APPID_PATTERN, PAGE_MAX_LENGTH, WIDTH_DEFAULT, WIDTH_MAX, WIDTH_MIN


class TokenMode(models.TextChoices):
    """How the access token is fetched; each label is the sentence that operators read."""

    STABLE = (
        "stable",
        _("stable (recommended): all systems get the same token, so none of them can invalidate it for the others"),
    )
    CLASSIC = (
        "classic",
        _(
            "classic: every fetch creates a new token and invalidates the old one, so wxcode must be the "
            "only system that fetches it"
        ),
    )


class EnvVersion(models.TextChoices):
    """Which version of the mini-program a code opens."""

    RELEASE = "release", _("release (正式版)")
    TRIAL = "trial", _("trial (体验版)")
    DEVELOP = "develop", _("develop (开发版)")


class MiniProgramQuerySet(models.QuerySet["MiniProgram"]):
    """Questions over mini-programs."""

    def active(self) -> "MiniProgramQuerySet":
        return self.filter(is_active=True)

    def refreshable(self) -> "MiniProgramQuerySet":
        """Those whose tokens are to be kept fresh."""
        return self.active().filter(is_refresh_paused=False)

    def usable_by(self, appids: frozenset[str] | None) -> "MiniProgramQuerySet":
        """Those among `appids`; None means every one."""
        return self if appids is None else self.filter(appid__in=appids)


class MiniProgram(models.Model):
    """One WeChat mini-program: what identifies it, where its AppSecret is, and its defaults for codes."""

    appid = models.CharField(
        _("appid"),
        max_length=18,
        unique=True,
        validators=[RegexValidator(APPID_PATTERN, _("An appid is “wx” followed by 16 characters from 0-9 and a-f."))],
        help_text=_("You find it in the console (mp.weixin.qq.com) under 开发管理 → 开发设置 → AppID(小程序ID)."),
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("Shown everywhere in wxcode."))
    secret_ref = models.CharField(
        _("secret reference"),
        max_length=255,
        help_text=_("Location of the AppSecret: sealed:…, env:NAME or file:/path. Never the AppSecret itself."),
    )
    secret_fingerprint = models.CharField(_("secret fingerprint"), max_length=16, blank=True, editable=False)
    token_mode = models.CharField(_("token mode"), max_length=16, choices=TokenMode, default=TokenMode.STABLE)
    default_page = models.CharField(
        _("default page"),
        max_length=PAGE_MAX_LENGTH,
        blank=True,
        help_text=_("Used when a request gives no page, for example pages/index/index. Leave blank for the home page."),
    )
    env_version = models.CharField(_("env_version"), max_length=16, choices=EnvVersion, default=EnvVersion.RELEASE)
    check_path = models.BooleanField(
        _("check_path"),
        default=True,
        help_text=_(
            "For the released version: WeChat rejects pages that don’t exist in it (error 41030). Turn "
            "this off before the first release. For trial and development versions, pages are only checked "
            "if the request asks for it."
        ),
    )
    width = models.PositiveIntegerField(
        _("width"),
        default=WIDTH_DEFAULT,
        validators=[MinValueValidator(WIDTH_MIN), MaxValueValidator(WIDTH_MAX)],
        help_text=_("280 to 1280 pixels: 430 for screens, 1280 for print."),
    )
    auto_color = models.BooleanField(_("auto_color"), default=False, help_text=_("Let WeChat choose the line colour."))
    line_color = models.CharField(
        _("line_color"),
        max_length=7,
        default="#000000",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Use a colour such as #0b7a45."))],
        help_text=_("Line colour, for example #0b7a45. Not used if WeChat chooses the colour."),
    )
    is_hyaline = models.BooleanField(
        _("is_hyaline"), default=False, help_text=_("Transparent background; the images are PNGs.")
    )
    # the database's own default: in a rolling restart the older code inserts rows without these columns
    proxy_url = models.CharField(
        _("proxy"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Proxy for calls to WeChat, for example http://10.0.0.5:3128, socks5://… or socks5h://…, "
            "without user name and password. Leave blank for a direct connection. The sandbox is always "
            "called directly."
        ),
    )
    proxy_login_ref = models.CharField(
        _("proxy login reference"), max_length=255, blank=True, default="", db_default="", editable=False
    )
    is_sandbox = models.BooleanField(
        _("sandbox"),
        default=False,
        help_text=_(
            "Use the simulated WeChat instead of the real one. No quota is used, and the codes can’t be scanned."
        ),
    )
    is_default = models.BooleanField(
        _("default"),
        default=False,
        help_text=_(
            "The mini-program used by the legacy APIs /api/extend/… and /api/qrcode. Only one can be the default."
        ),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("When off, no tokens are fetched and no codes are created.")
    )
    is_refresh_paused = models.BooleanField(
        _("token refresh paused"),
        default=False,
        help_text=_("When on, the current token is used until it expires, and no new one is fetched."),
    )
    groups = models.ManyToManyField(
        "auth.Group",
        verbose_name=_("groups with access"),
        blank=True,
        related_name="miniprograms",
        help_text=_(
            "Staff in these groups can see this mini-program, its codes and its batches. Superusers, and "
            "users with the permission “Can see every mini-program”, always can."
        ),
    )
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects: ClassVar[Any] = MiniProgramQuerySet.as_manager()

    class Meta:
        verbose_name = _("mini-program")
        verbose_name_plural = _("mini-programs")
        ordering = ["name", "id"]
        permissions: ClassVar[Any] = [("see_every_miniprogram", gettext_noop("Can see every mini-program"))]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="miniprogram_one_default",
                violation_error_message=_("Another mini-program is already the default. Clear that one first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.appid})"

    def checks_path_of(self, env_version: str) -> bool:
        """`check_path` for a request that does not say: WeChat knows the pages of the released version only."""
        return self.check_path and env_version == EnvVersion.RELEASE


class SealedSecret(models.Model):
    """An AppSecret, encrypted and authenticated, found by the keyed hash of its plain text."""

    address = models.CharField(max_length=64, unique=True, help_text="HMAC-SHA256 of the secret, hex")
    sealed = models.BinaryField(help_text="MultiFernet token")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("encrypted AppSecret")
        verbose_name_plural = _("encrypted AppSecrets")

    def __str__(self) -> str:
        return f"sealed:{self.address[:8]}…"
