"""`manage.py create_client`: a new API key for scripts and for `make run`."""

import datetime as dt
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.clients.services import create_client
from apps.clients.validation import DEFAULT_SCOPES, PUBLISHABLE_SCOPES, Scope
from apps.miniprograms.history import record_addition


class Command(BaseCommand):
    help = "Creates an API client and prints its key, once and alone, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="The calling system. Shown with every code it creates.")
        parser.add_argument(
            "--scope",
            action="append",
            dest="scopes",
            metavar="S",
            help=f"One of {', '.join(Scope.values)}. Repeatable; unless told: {' and '.join(DEFAULT_SCOPES)}.",
        )
        parser.add_argument(
            "--miniprogram",
            action="append",
            dest="appids",
            metavar="APPID",
            default=[],
            help="A mini-program that the key can use. Repeatable (default: all).",
        )
        parser.add_argument(
            "--origin",
            action="append",
            dest="origins",
            metavar="O",
            default=[],
            help=(
                "A browser origin, for example https://shop.example.com. Repeatable (default: none, a server-side key)."
            ),
        )
        parser.add_argument(
            "--ip",
            action="append",
            dest="networks",
            metavar="CIDR",
            default=[],
            help="A network that the key works from. Repeatable (default: any).",
        )

        parser.add_argument(
            "--rate-limit",
            type=int,
            metavar="N",
            help="Requests per minute, across all processes (default: unlimited).",
        )
        parser.add_argument(
            "--expires",
            metavar="WHEN",
            help="When the key expires: a date, a time (2030-01-31T18:00) or a number of days (90d). Default: never.",
        )
        parser.add_argument(
            "--publishable",
            action="store_true",
            help=(
                "A publishable key, for the source of web pages; it can only create codes. Needs --origin "
                "and --miniprogram."
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        usual = PUBLISHABLE_SCOPES if options["publishable"] else DEFAULT_SCOPES
        try:
            client, key = create_client(
                name=options["name"],
                scopes=options["scopes"] or usual,
                appids=options["appids"],
                origins=options["origins"],
                networks=options["networks"],
                rate_limit=options["rate_limit"],
                expires_at=options["expires"] and read_moment(options["expires"]),
                is_publishable=options["publishable"],
            )
        except ValidationError as exc:
            raise CommandError(f"No API client was created. {explain(exc)}") from exc
        record_addition(client, command="manage.py create_client")
        self.stdout.write(key)
        self.stderr.write(
            f"API client “{client}” may use {', '.join(client.scopes)}. The key above is not stored: keep it now.",
            self.style.SUCCESS,
        )


def read_moment(text: str) -> dt.datetime:
    """The moment that `text` names, in this installation's time zone. Raises CommandError unless it is to come."""
    days = re.fullmatch(r"(\d{1,5})d", text)
    try:
        found = timezone.now() + dt.timedelta(days=int(days[1])) if days else dt.datetime.fromisoformat(text)
    except ValueError as exc:
        raise CommandError(
            f"No API client was created. “{text}” is no moment: write 2030-01-31, 2030-01-31T18:00 or 90d."
        ) from exc
    moment = found if timezone.is_aware(found) else timezone.make_aware(found)
    if moment <= timezone.now():
        raise CommandError(f"No API client was created. “{text}” is in the past: the key would never work.")
    return moment


def explain(exc: ValidationError) -> str:
    """One sentence per mistake."""
    return " ".join(
        message if message.endswith((".", "?")) else f"{message}."
        for messages in exc.message_dict.values()
        for message in messages
    )
