"""Snapshots of the database while others write to it, and their way back: SQLite and PostgreSQL."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.backups.manifest import BackupRefused

FILE_NAMES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
ENCRYPTION = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl")
SCHEMA_ASIDE = "wxcode_before_restore"


def dump_database(directory: Path) -> str:
    """Write a consistent snapshot into `directory`; answer the file's name. Raises BackupRefused."""
    name = FILE_NAMES[connection.vendor]
    target = directory / name
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if connection.vendor == "sqlite":
        _copy_sqlite_out(target)
    else:
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
        _run_postgres("pg_dump", *words)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return name


def prepare_place() -> None:
    """Make the place of an SQLite database that does not exist yet, for its owner alone. Raises BackupRefused."""
    if connection.vendor != "sqlite":
        return
    place = Path(connection.settings_dict["NAME"])
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise BackupRefused(f"{place} cannot be written ({error.strerror}): check DATABASE_URL.") from None


def load_database(file: Path) -> None:
    """Make the snapshot in `file` the database. Raises BackupRefused; then the database is as it was."""
    if connection.vendor == "sqlite":
        _copy_sqlite_in(file)
    else:
        _load_postgres(file)


def applied_migrations() -> list[str]:
    """`app.name` of every migration that the database has, sorted; empty for an empty database."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _copy_sqlite_out(target: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        # SQLite's online backup: a snapshot, however many processes write meanwhile
        connection.connection.backup(copy)
        # a single file that needs no -wal beside it
        copy.execute("PRAGMA journal_mode=DELETE")


def _copy_sqlite_in(file: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as source:
        try:
            found = source.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.Error as error:
            found = str(error)
        if found != "ok":
            raise BackupRefused(f"{file} is damaged: {found}.")
        try:
            # all pages in one transaction: whoever else has the database open sees the old one or the new one
            source.backup(connection.connection)
        except sqlite3.Error as error:
            raise BackupRefused(
                f"The database could not be replaced ({error}). Is wxcode still running? Stop it."
            ) from None
    connection.close()


def _load_postgres(file: Path) -> None:
    """The present tables step aside into another schema, and come back if the restore fails."""
    _find_program("pg_restore")
    has_tables = bool(connection.introspection.table_names())
    if has_tables:
        _swap_schemas(f"DROP SCHEMA IF EXISTS {SCHEMA_ASIDE} CASCADE", _rename("public", SCHEMA_ASIDE), _new_public())
    connection.close()
    words = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    try:
        _run_postgres("pg_restore", *words, "--dbname", str(connection.settings_dict["NAME"]), str(file))
    except BackupRefused:
        if has_tables:
            _swap_schemas("DROP SCHEMA public CASCADE", _rename(SCHEMA_ASIDE, "public"))
        raise
    if has_tables:
        _swap_schemas(f"DROP SCHEMA {SCHEMA_ASIDE} CASCADE")
    connection.close()


def _rename(old: str, new: str) -> str:
    return f"ALTER SCHEMA {old} RENAME TO {new}"


def _new_public() -> str:
    return "CREATE SCHEMA public"


def _swap_schemas(*statements: str) -> None:
    with connection.cursor() as cursor:
        # one round trip, one transaction
        cursor.execute("; ".join(statements))


def _run_postgres(program: str, *words: str) -> None:
    """Run PostgreSQL's own program on our database; the password goes by environment, not by process list."""
    command = [_find_program(program), "--no-password", *words]
    finished = subprocess.run(  # noqa: S603 # nosec B603
        command, env=os.environ | _postgres_environment(), capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["no message"]
        raise BackupRefused(f"{program} failed: {'; '.join(lines[:3])}")


def _postgres_environment() -> dict[str, str]:
    config: dict[str, Any] = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {variable: str(config[name]) for variable, name in names.items() if config.get(name)}
    # encrypted like wxcode's own connections
    options = {f"PG{name.upper()}": str(config["OPTIONS"][name]) for name in ENCRYPTION if name in config["OPTIONS"]}
    return given | options


def _find_program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupRefused(
            f"{name} is not on this machine. Install PostgreSQL's client programs, of the server's version or newer "
            "(Debian: apt-get install postgresql-client; the image of wxcode has them)."
        )
    return found
