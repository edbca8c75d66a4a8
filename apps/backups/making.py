"""Making a backup while the service runs."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone

from apps.backups.databases import applied_migrations, dump_database
from apps.backups.manifest import FORMAT, PICTURES_NAME, BackupRefused, Manifest, file_sha256
from apps.backups.picture_archive import write_pictures
from apps.backups.seal_keys import find_needed_keys, write_keys
from apps.codes.models import IssuedCode


@dataclass(frozen=True)
class Made:
    """A finished backup; `shut_secrets` is the number of AppSecrets that no configured key opens."""

    directory: Path
    keys: Path
    manifest: Manifest
    shut_secrets: int


def make_backup(directory: Path, *, keys: Path, with_pictures: bool = True) -> Made:
    """Snapshot, pictures and manifest into `directory`, both secrets of the installation into the file `keys`.

    The directory appears under its name only when it is complete. Raises BackupRefused; then nothing is left behind.
    """
    if directory.exists():
        raise BackupRefused(f"{directory} exists already: name another directory.")
    if keys.resolve().is_relative_to(directory.resolve()):
        raise BackupRefused("The keys must not lie inside the backup: name a file elsewhere with --keys.")
    unfinished = directory.with_name(f".{directory.name}.unfinished-{os.getpid()}")
    try:
        for parent in (directory.parent, keys.parent):
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished.mkdir(mode=0o700)
    except OSError as error:
        raise BackupRefused(f"{error.filename} cannot be made ({error.strerror}): name another directory.") from None
    try:
        manifest, shut_secrets = _fill(unfinished, with_pictures=with_pictures)
        write_keys(keys)
        unfinished.rename(directory)
    except OSError as error:
        raise BackupRefused(f"The backup could not be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Made(directory, keys, manifest, shut_secrets)


def _fill(directory: Path, *, with_pictures: bool) -> tuple[Manifest, int]:
    made_at = timezone.now()
    migrations = applied_migrations()
    names = [dump_database(directory)]
    # after the snapshot, for it may not know more than what is written here
    needed_keys, shut_secrets = find_needed_keys()
    pictures, missing = 0, list[str]()
    if with_pictures:
        pictures, missing = write_pictures(directory / PICTURES_NAME)
        names.append(PICTURES_NAME)
    manifest = Manifest(
        format=FORMAT,
        made_at=made_at.isoformat(timespec="seconds"),
        vendor=connection.vendor,
        database=names[0],
        migrations=migrations,
        needed_keys=needed_keys,
        codes=IssuedCode.objects.count(),
        pictures=pictures,
        missing_pictures=missing,
        files={name: file_sha256(directory / name) for name in names},
    )
    manifest.write(directory)
    return manifest, shut_secrets
