"""`manage.py unlock_login NAME`: let an account in again that failed too often."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.lockouts import unlock
from apps.miniprograms.history import record_changes


class Command(BaseCommand):
    help = "Forget the failed logins of an account, from every address, so that it may log in at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the account's name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account named {name}.")
        count = unlock(user)
        record_changes([user], command="manage.py unlock_login")
        self.stdout.write(f"{count} locks or failures were forgotten. {name} may log in now.")
