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

    door = models.CharField(_("door"), max_length=16, choices=OlderDoor, unique=True)
    networks = models.JSONField(
        _("networks"),
        default=list,
        blank=True,
        validators=[validate_networks],
        help_text=_(
            "One per line, like 10.0.0.0/8. Only from these may the door be used without a key. Empty: from nowhere. "
            "0.0.0.0/0 and ::/0 open it to the world, which the door for tokens never is."
        ),
    )
    origins = models.JSONField(
        _("browser origins"),
        default=list,
        blank=True,
        validators=[validate_door_origins],
        help_text=_(
            "One per line, like https://shop.example.com: pages of these may use the door from the networks above. "
            "http://localhost:* means every port of this machine. Empty: no pages of other sites."
        ),
    )
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("open door")
        verbose_name_plural = _("open doors")
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
