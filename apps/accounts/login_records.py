"""django-axes under a name that says what it records: logins, failed ones, and who is kept out."""

from typing import Any

from axes.apps import AppConfig
from django.utils.translation import gettext_lazy as _

NAMES = {
    "accessattempt": (_("login lockout"), _("login lockouts")),
    "accessfailurelog": (_("failed login"), _("failed logins")),
    "accesslog": (_("successful login"), _("successful logins")),
}


class LoginRecordsConfig(AppConfig):
    verbose_name = _("Logins")

    def ready(self) -> None:
        super().ready()
        for name, (one, many) in NAMES.items():
            options: Any = self.get_model(name)._meta
            options.verbose_name, options.verbose_name_plural = one, many
