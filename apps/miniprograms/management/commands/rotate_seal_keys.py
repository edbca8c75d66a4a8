"""`manage.py rotate_seal_keys`: seal every secret anew under the first key of WXCODE_SEAL_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.miniprograms.history import record_changes
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.rotation import rotate_seal_keys
from apps.miniprograms.sealing import SecretUnavailable


class Command(BaseCommand):
    help = "Re-seal every AppSecret under the first key; afterwards the other keys may be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rotation = rotate_seal_keys()
        except SecretUnavailable as error:
            raise CommandError(f"Nothing was changed. {error} {error.advice}") from None
        record_changes(MiniProgram.objects.all(), command="manage.py rotate_seal_keys")
        self.stdout.write(
            f"{rotation.resealed} secrets are sealed under the first key; {rotation.removed} unused ones were removed."
        )
        if rotation.unread:
            self.stderr.write(
                "The secrets of these cannot be read here, so their fingerprints are as before: "
                + ", ".join(rotation.unread)
            )
