"""Coming back from a backup: everything is checked before anything is changed, and looked at afterwards."""

import time
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.backups.databases import load_database, prepare_place
from apps.backups.manifest import PICTURES_NAME, BackupRefused, Manifest, read_manifest
from apps.backups.picture_archive import find_damaged, load_pictures
from apps.backups.seal_keys import find_needed_keys, missing_keys
from apps.codes.models import IssuedCode
from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram, SealedSecret
from apps.tokens.heartbeat import BEAT_LATE_SECONDS, find_beat_age


@dataclass(frozen=True)
class Restored:
    """What is there now; `damaged` are names of pictures that the history knows and the storage lacks."""

    manifest: Manifest
    codes: int
    miniprograms: int
    secrets: int
    shut_secrets: int
    pictures: int
    damaged: list[str]


def restore_backup(directory: Path, *, overwrite: bool, without_keys: bool) -> Restored:
    """Replace the database by the snapshot and put the pictures back.

    `overwrite` says that what is here may go, `without_keys` that AppSecrets may stay shut. Raises BackupRefused.
    """
    manifest = read_manifest(directory)
    _refuse_misfit(manifest)
    if not without_keys:
        _refuse_missing_keys(manifest)
    prepare_place()
    if not overwrite:
        _refuse_living()
    # pictures first: a row without its picture is worse than a picture without its row
    pictures = load_pictures(directory / PICTURES_NAME) if manifest.has_pictures else 0
    load_database(directory / manifest.database)
    call_command("migrate", interactive=False, verbosity=0)
    return Restored(
        manifest=manifest,
        codes=IssuedCode.objects.count(),
        miniprograms=MiniProgram.objects.count(),
        secrets=SealedSecret.objects.count(),
        shut_secrets=find_needed_keys()[1],
        pictures=pictures,
        damaged=list(find_damaged()),
    )


def _refuse_misfit(manifest: Manifest) -> None:
    if manifest.vendor != connection.vendor:
        raise BackupRefused(
            f"This is a backup of {manifest.vendor}, and DATABASE_URL is {connection.vendor}: "
            f"set DATABASE_URL to a database of {manifest.vendor}."
        )
    known = MigrationLoader(None).disk_migrations
    unknown = set(manifest.migrations) - {f"{app}.{name}" for app, name in known or {}}
    if unknown:
        raise BackupRefused(
            f"The backup was made by a newer wxcode (it has {', '.join(sorted(unknown)[:3])}): "
            "install that version or a newer one first."
        )


def _refuse_missing_keys(manifest: Manifest) -> None:
    missing = missing_keys(manifest.needed_keys)
    if missing:
        raise BackupRefused(
            f"WXCODE_SEAL_KEYS lacks the key that opens the AppSecrets of this backup (id {', '.join(missing)}). "
            "Set WXCODE_SEAL_KEYS to the line in the keys file of the backup; if the keys are lost for ever, "
            "say --without-keys and paste every AppSecret anew."
        )


def _refuse_living() -> None:
    tables = set(connection.introspection.table_names())
    models = (MiniProgram, IssuedCode, get_user_model())
    counts = {
        str(model._meta.verbose_name_plural): model._default_manager.count()
        for model in models
        if model._meta.db_table in tables
    }
    if any(counts.values()):
        found = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        raise BackupRefused(
            f"This is a living installation ({found}). Make a backup of it, then say --overwrite to replace it."
        )
    try:
        age = find_beat_age(now=time.time())
    except CoordinationUnavailable:
        return
    if age is not None and age < BEAT_LATE_SECONDS:
        raise BackupRefused(
            f"wxcode is running here (it refreshed tokens {age:.0f} s ago). Stop it, then say --overwrite."
        )
