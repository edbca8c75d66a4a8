"""What a mini-program has for its whole life: 100,000 limited codes, 60,000 unchecked pages."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.codes.derived import DerivedBigIntegerField, text_key
from apps.miniprograms.models import MiniProgram
from apps.wechat.types import LIFETIME_CODES, PAGE_MAX_LENGTH, UNCHECKED_PAGES

LIFETIME_WARN_SHARE = 0.8


class LifetimePool(models.Model):
    """How many of the 100,000 limited and square codes a mini-program has used; nothing ever brings one back."""

    miniprogram = models.OneToOneField(
        MiniProgram, on_delete=models.CASCADE, related_name="lifetime_pool", verbose_name=_("mini-program")
    )
    used = models.PositiveIntegerField(
        _("used"), default=0, help_text=_("counted by wxcode, corrected from WeChat’s Num-Used header")
    )
    uncertain = models.PositiveIntegerField(
        _("unconfirmed calls"),
        default=0,
        help_text=_("calls without a response that WeChat may have counted since then"),
    )
    unchecked_pages = models.PositiveIntegerField(
        _("unchecked pages"),
        default=0,
        help_text=_("distinct pages used with check_path off; WeChat allows 60,000"),
    )
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    class Meta:
        verbose_name = _("lifetime pool")
        verbose_name_plural = _("lifetime quotas")
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

    @property
    def is_page_warning(self) -> bool:
        return self.unchecked_pages >= LIFETIME_WARN_SHARE * UNCHECKED_PAGES


class UncheckedPage(models.Model):
    """One of the 60,000 different pages that a mini-program may have in codes with `check_path` off."""

    miniprogram = models.ForeignKey(
        MiniProgram,
        on_delete=models.CASCADE,
        related_name="unchecked_pages",
        verbose_name=_("mini-program"),
        db_index=False,
    )
    page = models.CharField(_("page"), max_length=PAGE_MAX_LENGTH)
    page_key = DerivedBigIntegerField(editable=False)
    first_at = models.DateTimeField(_("first used at"), default=timezone.now)

    class Meta:
        verbose_name = _("unchecked page")
        verbose_name_plural = _("unchecked pages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["miniprogram", "page_key"], name="uncheckedpage_once"),
        ]

    def __str__(self) -> str:
        return self.page

    def make_page_key(self) -> int:
        return text_key(self.page)
