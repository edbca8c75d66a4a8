"""`manage.py remove_second_factor NAME`: for whoever lost telephone and backup codes."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts.second_factor import remove
from apps.accounts.sessions import end_sessions
from apps.miniprograms.history import record_changes


class Command(BaseCommand):
    help = "Remove an account's second factor and backup codes, and end its sessions; the password stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the account's name")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account named {options['username']}.")
        with transaction.atomic():
            if not remove(user):
                raise CommandError(f"{user} has no second factor.")
            ended = end_sessions(user)
            record_changes([user], command="manage.py remove_second_factor")
        self.stdout.write(f"{user} logs in with the password alone now; {ended} sessions were ended.")
