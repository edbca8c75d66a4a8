"""The batches app: when its worker begins and ends, so do its runs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BatchesConfig(AppConfig):
    name = "apps.batches"
    verbose_name = _("Batches")

    def ready(self) -> None:
        from apps.batches import signals  # noqa: F401, PLC0415
