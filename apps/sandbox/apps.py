"""Registration of the sandbox with Django, for its management command."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SandboxConfig(AppConfig):
    name = "apps.sandbox"
    verbose_name = _("Sandbox")
