"""OpenDoor: an operator's choice who may use an older service's door without a key."""

import contextlib

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.clients.validation import normalize_networks, validate_networks
from apps.gateway.openness import demand_narrow, normalize_door_origins, validate_door_origins


class OlderDoor(models.TextChoices):
    """The paths of older services."""

    TOKEN = "token", "GET /api/extend/get/wx/token"  # noqa: S105
    UNLIMITED = "unlimited", "POST /api/extend/get/wx/unlimited"
    QRCODE = "qrcode", "POST /api/qrcode"
    HEALTH = "health", "GET /api/health"


class OpenDoor(models.Model):
    """Who may use one door without a key. A door without a row is closed to everybody without one."""

    door = models.CharField(_("source"), max_length=16, choices=OlderDoor, unique=True)
    networks = models.JSONField(
        _("networks"),
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text=_(
            "One per line, for example 10.0.0.0/8. Requests from these networks need no API key. Leave "
            "blank to always require one. 0.0.0.0/0 and ::/0 allow everyone; the token endpoint can’t be "
            "opened like that."
        ),
    )
    origins = models.JSONField(
        _("browser origins"),
        default=list,
        blank=True,
        validators=[validate_door_origins],
        help_text=_(
            "One per line, for example https://shop.example.com. Pages from these origins can call this "
            "endpoint from the networks above. http://localhost:* means any port on this machine. Leave "
            "blank to allow no other sites."
        ),
    )
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("keyless access rule")
        verbose_name_plural = _("keyless access rules")
        ordering = ["door"]

    def __str__(self) -> str:
        return self.get_door_display()

    def clean(self) -> None:
        # what is not valid is reported by the validators of the fields
        with contextlib.suppress(ValidationError):
            self.networks = normalize_networks(self.networks)
            self.origins = normalize_door_origins(self.origins)
        if self.door == OlderDoor.TOKEN:
            demand_narrow(self.networks)
