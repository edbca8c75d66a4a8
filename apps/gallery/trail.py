"""What staff do in the gallery, into the audit trail of the admin: who, what and when, no values."""

from collections.abc import Iterable

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import models
from django.http import HttpRequest


def record_addition(request: HttpRequest, obj: models.Model, words: str) -> None:
    """The reader made `obj`; `words` is an English sentence marked by gettext_noop, which the trail translates."""
    _record(request, [obj], ADDITION, words)


def record_changes(request: HttpRequest, objects: Iterable[models.Model], words: str) -> None:
    """The reader changed each of `objects`, or took something of it along."""
    _record(request, objects, CHANGE, words)


def _record(request: HttpRequest, objects: Iterable[models.Model], flag: int, words: str) -> None:
    # every view of the gallery has let nobody in who is not signed in
    LogEntry.objects.log_actions(request.user.pk, list(objects), flag, words)  # type: ignore[arg-type]
