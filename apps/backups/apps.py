"""The Django app of backups; it has no models, only commands."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "apps.backups"
