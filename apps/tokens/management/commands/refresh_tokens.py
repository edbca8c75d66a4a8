"""`manage.py refresh_tokens [--appid A] [--force]`: refresh those that are due, or that one; one line each."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.tokens import store, trouble
from apps.tokens.models import Trigger
from apps.tokens.services import refresh_token


class Command(BaseCommand):
    help = "Refresh the access tokens that are due, or the one of --appid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--appid", help="only this mini-program")
        parser.add_argument("--force", action="store_true", help="refresh even if not due; ends a pause")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = MiniProgram.objects.refreshable()
        if options["appid"]:
            wanted = wanted.filter(appid=options["appid"])
            if not wanted.exists():
                raise CommandError(f"No active mini-program has the appid {options['appid']}.")
        due_at = store.find_due_at(wanted.values_list("appid", flat=True))
        failures = 0
        for miniprogram in wanted:
            if not options["force"] and due_at.get(miniprogram.appid, 0) > time.time():
                self.stdout.write(f"{miniprogram.appid} is not due")
                continue
            failures += not self._refresh(miniprogram, is_forced=options["force"])
        if failures:
            raise CommandError(f"{failures} could not be refreshed.")

    def _refresh(self, miniprogram: MiniProgram, *, is_forced: bool) -> bool:
        try:
            if is_forced:
                trouble.clear_trouble(miniprogram.appid)
            token = refresh_token(miniprogram, trigger=Trigger.COMMAND, requested_by="command line")
        except WxcodeError as error:
            self.stdout.write(f"{miniprogram.appid} failed: {error} {error.advice}")
            return False
        self.stdout.write(f"{miniprogram.appid} has a token for {token.expires_in(time.time())} s")
        return True
