"""`createsuperuser`, Django's own, with an entry in the audit trail."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

from apps.overview.accounts import recording_accounts


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with recording_accounts("manage.py createsuperuser"):
            super().handle(*args, **options)
