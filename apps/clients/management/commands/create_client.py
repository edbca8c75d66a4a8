"""`manage.py create_client`: a new API key for scripts and for `make run`."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.clients.services import create_client
from apps.clients.validation import DEFAULT_SCOPES, Scope


class Command(BaseCommand):
    help = "Creates an API client and prints its key, once and alone, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Who calls; the history remembers it with every code.")
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
            help="A mini-program that the key may use. Repeatable; unless told: every one.",
        )
        parser.add_argument(
            "--origin",
            action="append",
            dest="origins",
            metavar="O",
            default=[],
            help="A browser origin like https://shop.example.com. Repeatable; unless told: a key for servers.",
        )
        parser.add_argument(
            "--ip",
            action="append",
            dest="networks",
            metavar="CIDR",
            default=[],
            help="A network that the key works from. Repeatable; unless told: anywhere.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            client, key = create_client(
                name=options["name"],
                scopes=options["scopes"] or DEFAULT_SCOPES,
                appids=options["appids"],
                origins=options["origins"],
                networks=options["networks"],
            )
        except ValidationError as exc:
            raise CommandError(f"No API client was created. {explain(exc)}") from exc
        self.stdout.write(key)
        self.stderr.write(
            f"API client “{client}” may use {', '.join(client.scopes)}. The key above is not stored: keep it now.",
            self.style.SUCCESS,
        )


def explain(exc: ValidationError) -> str:
    """One sentence per mistake."""
    return " ".join(
        message if message.endswith((".", "?")) else f"{message}."
        for messages in exc.message_dict.values()
        for message in messages
    )
