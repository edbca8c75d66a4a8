"""`manage.py restore DIRECTORY`: the database and the pictures as they were when the backup was made."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.backups.manifest import BackupRefused
from apps.backups.restoring import restore_backup


class Command(BaseCommand):
    help = "Restore a backup into an empty installation (or, with --overwrite, in place of this one)."
    # the database may be empty as yet
    requires_system_checks: list[str] = []  # noqa: RUF012

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument("--overwrite", action="store_true", help="replace what is here; stop the service before")
        parser.add_argument(
            "--without-keys", action="store_true", help="the keys are lost; AppSecrets will be entered again"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            restored = restore_backup(
                options["directory"].absolute(),
                overwrite=options["overwrite"],
                without_keys=options["without_keys"],
            )
        except BackupRefused as refused:
            raise CommandError(str(refused)) from None
        print(f"Restored the backup of {restored.manifest.made_at}:")
        print(f"  {restored.miniprograms} mini-programs, {restored.secrets - restored.shut_secrets} AppSecrets open")
        print(f"  {restored.codes} codes, {restored.pictures} pictures put back and every one checked")
        print("Tokens are fetched automatically as soon as the service runs.")
        troubles = []
        if restored.shut_secrets:
            troubles.append(f"{restored.shut_secrets} AppSecrets stay shut: paste them anew in the admin.")
        if restored.damaged:
            troubles.append(f"{len(restored.damaged)} pictures are missing, like {', '.join(restored.damaged[:3])}.")
        if troubles:
            raise CommandError("Restored, but: " + " ".join(troubles))
