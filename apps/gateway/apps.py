"""The app's configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    verbose_name = _("Legacy-compatible APIs")

    def ready(self) -> None:
        from apps.gateway import cors  # noqa: F401, PLC0415  (connects a receiver)
