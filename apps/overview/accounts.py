"""Accounts made or given another password on the command line: entries in the audit trail, as for the admin's pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import post_save

from apps.miniprograms.history import record_addition, record_changes


@contextmanager
def recording_accounts(command: str) -> Iterator[None]:
    """Every account that is saved inside is noted at the end as added or changed by `command`."""
    added: list[User] = []
    changed: list[User] = []

    def note(*, instance: User, created: bool, **kwargs: Any) -> None:
        (added if created else changed).append(instance)

    post_save.connect(note, sender=User)
    try:
        yield
    finally:
        post_save.disconnect(note, sender=User)
        for user in added:
            record_addition(user, command=command)
        if changed:
            record_changes(changed, command=command)
