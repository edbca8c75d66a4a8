"""The app's configuration: connects the signals."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClientsConfig(AppConfig):
    name = "apps.clients"
    verbose_name = _("API clients")

    def ready(self) -> None:
        from apps.clients import cors, signals  # noqa: F401, PLC0415  (both connect receivers)
