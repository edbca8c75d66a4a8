"""Whether the database takes writes: a row is written as it was, at most once in five seconds for each process."""

import sqlite3
import threading
import time

from django.db import DatabaseError, connection, transaction

REMEMBERED_SECONDS = 5.0
# Another process that writes for longer shows as well that the database takes writes.
SQLITE_WAIT_MS = 500
# It is there in every installation, and who migrates it may write it. Nobody waits for another who asks the same.
WRITES = {
    "sqlite": "UPDATE django_migrations SET app = app WHERE id = (SELECT min(id) FROM django_migrations)",
    # a lock on a row is written, leaves nothing to vacuum, and is refused by a server that is read-only
    "postgresql": "SELECT id FROM django_migrations ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
}


class _Looked:
    """What this process found last."""

    lock = threading.Lock()
    trouble = ""
    found_at = float("-inf")


def recall_write_trouble() -> str:
    """Why the database takes no writes, in words without values; empty if it does. Not older than five seconds."""
    with _Looked.lock:
        if time.monotonic() - _Looked.found_at >= REMEMBERED_SECONDS:
            _Looked.trouble = find_write_trouble()
            _Looked.found_at = time.monotonic()
        return _Looked.trouble


def forget_database() -> None:
    """The next look is a new one."""
    with _Looked.lock:
        _Looked.found_at = float("-inf")


def find_write_trouble() -> str:
    """The same, now."""
    try:
        _write_a_row()
    except DatabaseError as error:
        return "" if _is_busy(error) else f"it cannot be written ({_name_of(error)})"
    return ""


def _write_a_row() -> None:
    if connection.vendor != "sqlite":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITES[connection.vendor])
        return
    with connection.cursor() as cursor:
        (usual_ms,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {SQLITE_WAIT_MS}")
        try:
            cursor.execute(WRITES["sqlite"])
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")


def _is_busy(error: DatabaseError) -> bool:
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _name_of(error: DatabaseError) -> str:
    return getattr(error.__cause__, "sqlite_errorname", None) or type(error.__cause__ or error).__name__
