"""The audit trail of what is done from the command line, where nobody is signed in."""

from collections.abc import Iterable

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import models, transaction

COMMAND_LINE = "command-line"


def record_addition(obj: models.Model, *, command: str) -> None:
    """`obj` was added by `command`; the entry holds its name, no value of it."""
    _record([obj], ADDITION, command)


def record_changes(objects: Iterable[models.Model], *, command: str) -> None:
    """Each of `objects` was changed by `command`."""
    _record(objects, CHANGE, command)


def _record(objects: Iterable[models.Model], flag: int, command: str) -> None:
    with transaction.atomic():
        LogEntry.objects.log_actions(_command_line().pk, list(objects), flag, command)


def _command_line() -> User:
    """The user that stands for whoever has a shell on the server; nobody can sign in with it."""
    facts = {"is_active": False, "password": make_password(None)}
    return User.objects.get_or_create(username=COMMAND_LINE, defaults=facts)[0]
