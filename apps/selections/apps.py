"""The selections app: when work is waiting, a worker is asked."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SelectionsConfig(AppConfig):
    name = "apps.selections"
    verbose_name = _("Selections")

    def ready(self) -> None:
        from apps.selections import signals  # noqa: F401, PLC0415
