"""The app's configuration: connects what must happen when a mini-program changes."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TokensConfig(AppConfig):
    name = "apps.tokens"
    verbose_name = _("Access tokens")

    def ready(self) -> None:
        from apps.tokens import signals  # noqa: F401, PLC0415  (connects the receivers)
