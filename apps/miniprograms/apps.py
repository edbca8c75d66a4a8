"""The app's configuration: registers its system checks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MiniProgramsConfig(AppConfig):
    name = "apps.miniprograms"
    verbose_name = _("Mini-programs")

    def ready(self) -> None:
        from apps.miniprograms import checks  # noqa: F401, PLC0415  (registers the checks)
