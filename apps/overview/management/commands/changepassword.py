"""`changepassword`, Django's own, with an entry in the audit trail."""

from typing import Any

from django.contrib.auth.management.commands import changepassword

from apps.overview.accounts import recording_accounts


class Command(changepassword.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        with recording_accounts("manage.py changepassword"):
            return super().handle(*args, **options)
