"""The app's configuration."""

from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OverviewConfig(AppConfig):
    name = "apps.overview"
    verbose_name = _("Overview")

    def ready(self) -> None:
        from django.contrib.admin.models import LogEntry  # noqa: PLC0415

        # Django calls them log entries, which every log has
        options: Any = LogEntry._meta
        options.verbose_name, options.verbose_name_plural = _("audit trail entry"), _("audit trail entries")
