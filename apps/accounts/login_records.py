"""django-axes under a name that says what it records: logins, failed ones, and who is kept out."""

from axes.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoginRecordsConfig(AppConfig):
    verbose_name = _("Logins")
