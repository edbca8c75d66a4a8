"""`manage.py backup`: database, pictures and, apart from them, the keys; while the service runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.backups.making import make_backup
from apps.backups.manifest import BackupRefused


class Command(BaseCommand):
    help = "Back up database and pictures into a new directory, and the keys into a file beside it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="the new directory (default: WXCODE_DATA_DIR/backups/<UTC time>)")
        parser.add_argument("--keys", type=Path, help="the new file for the keys (default: TO.keys)")
        parser.add_argument("--no-pictures", action="store_true", help="the images are backed up in another way")

    def handle(self, *args: Any, **options: Any) -> None:
        name = timezone.now().strftime("%Y%m%dT%H%M%SZ")
        directory: Path = (options["to"] or settings.DATA_DIR / "backups" / name).absolute()
        keys: Path = (options["keys"] or directory.with_name(directory.name + ".keys")).absolute()
        try:
            made = make_backup(directory, keys=keys, with_pictures=not options["no_pictures"])
        except BackupRefused as refused:
            raise CommandError(str(refused)) from None
        print(f"Backup: {made.directory} ({made.manifest.codes} codes, {made.manifest.pictures} pictures)")
        print(f"Keys:   {made.keys} (move it elsewhere: with both, the AppSecrets can be read)")
        troubles = []
        if made.manifest.missing_pictures:
            names = ", ".join(made.manifest.missing_pictures[:3])
            troubles.append(f"{len(made.manifest.missing_pictures)} pictures are missing or damaged, like {names}.")
        if made.shut_secrets:
            troubles.append(f"{made.shut_secrets} sealed secrets are opened by no key in WXCODE_SEAL_KEYS.")
        if troubles:
            raise CommandError("The backup was created, but the installation has problems: " + " ".join(troubles))
