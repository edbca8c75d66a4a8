"""ApiClient: another system that calls the API with a key of its own."""

import contextlib
import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.clients.keys import PREFIX_LENGTH, hash_key
from apps.clients.validation import (
    MAX_RATE_LIMIT,
    normalize_networks,
    normalize_origins,
    normalize_scopes,
    validate_networks,
    validate_origins,
    validate_scopes,
)
from apps.miniprograms.models import MiniProgram


class ApiClientQuerySet(models.QuerySet["ApiClient"]):
    """Questions over API clients."""

    def active(self, at: dt.datetime | None = None) -> "ApiClientQuerySet":
        """Those whose key works at `at` (now unless told)."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=at or timezone.now())
        return self.filter(unexpired, is_active=True)

    def with_key(self, key: str) -> "ApiClientQuerySet":
        """The one with this key, whether or not it still works."""
        return self.filter(key_hash=hash_key(key))

    def answering_to(self, key_hash: str, at: dt.datetime | None = None) -> "ApiClientQuerySet":
        """The one whose key this is, or was before a rotation whose hand-over lasts at `at` (now unless told)."""
        handing_over = models.Q(previous_key_hash=key_hash, previous_key_ends_at__gt=at or timezone.now())
        return self.filter(models.Q(key_hash=key_hash) | handing_over)

    def unused_since(self, moment: dt.datetime, *, field: str = "last_used_at") -> "ApiClientQuerySet":
        return self.filter(models.Q((field, None)) | models.Q((f"{field}__lt", moment)))


class ApiClient(models.Model):
    """One caller of the API: its hashed key and everything that limits the key."""

    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        help_text=_("The calling system, for example shop-frontend. Shown with every code it creates."),
    )
    key_prefix = models.CharField(_("key"), max_length=PREFIX_LENGTH, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the key, hex")
    # during the hand-over after a rotation, the key before works beside the new one
    previous_key_prefix = models.CharField(_("previous key"), max_length=PREFIX_LENGTH, blank=True, editable=False)
    # null, because many clients have none and one key must belong to one client
    previous_key_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001
    previous_key_ends_at = models.DateTimeField(_("previous key expires at"), null=True, editable=False)
    previous_key_used_at = models.DateTimeField(_("previous key last used at"), null=True, editable=False)
    scopes = models.JSONField(
        _("scopes"),
        default=list,
        validators=[validate_scopes],
        help_text=_("What the key can do. Grant only what it needs."),
    )
    miniprograms = models.ManyToManyField(
        MiniProgram,
        verbose_name=_("mini-programs"),
        blank=True,
        related_name="clients",
        help_text=_("Mini-programs that this key can use. Leave empty for all, including ones added later."),
    )
    # Kept by signals. Without it, deleting the only mini-program of a key would open all the others to it.
    is_limited = models.BooleanField(_("limited to its mini-programs"), default=False, editable=False)
    origins = models.JSONField(
        _("browser origins"),
        default=list,
        blank=True,
        validators=[validate_origins],
        help_text=_(
            "One per line, for example https://shop.example.com. Only pages from these origins can use the "
            "key. Leave blank for a server-side key."
        ),
    )
    networks = models.JSONField(
        _("networks"),
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text=_(
            "One per line, for example 203.0.113.7 or 10.0.0.0/8. The key only works from these addresses. "
            "Leave blank to allow any address."
        ),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("When off, the key stops working within 3 seconds.")
    )
    expires_at = models.DateTimeField(
        _("expires at"),
        null=True,
        blank=True,
        help_text=_("The key stops working at this time. Leave blank for no expiry."),
    )
    is_publishable = models.BooleanField(
        _("publishable"),
        default=False,
        help_text=_(
            "Safe to put in the source of a web page: the key can only create unlimited codes for the "
            "chosen mini-programs, from the allowed origins. Can’t be changed later."
        ),
    )
    rate_limit = models.PositiveIntegerField(
        _("requests per minute"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_RATE_LIMIT)],
        help_text=_("Maximum requests in any minute, across all processes. Leave blank for no limit."),
    )
    last_used_at = models.DateTimeField(
        _("last used at"), null=True, editable=False, help_text=_("Accurate to about a minute.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    notes = models.TextField(_("notes"), blank=True)

    objects: ClassVar[Any] = ApiClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # what is not valid is reported by the validators of the fields
        with contextlib.suppress(ValidationError):
            self.scopes = normalize_scopes(self.scopes)
            self.origins = normalize_origins(self.origins)
            self.networks = normalize_networks(self.networks)

    def is_handing_over(self, at: dt.datetime | None = None) -> bool:
        """Whether the key before the present one still works."""
        if not self.is_active or self.previous_key_ends_at is None:
            return False
        return self.previous_key_ends_at > (at or timezone.now())

    def is_expired(self, at: dt.datetime | None = None) -> bool:
        return self.expires_at is not None and self.expires_at <= (at or timezone.now())
