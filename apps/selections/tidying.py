"""Selections and the files made of them are kept for a week after their last use, and removed then."""

import logging
from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from apps.selections.jobs import DIRECTORY
from apps.selections.models import OPEN_STATES, Selection, SelectionJob

logger = logging.getLogger(__name__)

KEPT = timedelta(days=7)
# files are a little older than the end of their job; later only those are left that no job knows
STRAYS_KEPT = timedelta(days=8)


def tidy_selections(*, now: datetime) -> int:
    """Remove what nobody has used for a week; answer how many selections."""
    old = Selection.objects.filter(created_at__lt=now - KEPT)
    in_use = SelectionJob.objects.filter(finished_at__gte=now - KEPT) | SelectionJob.objects.filter(
        state__in=OPEN_STATES
    )
    ids = list(old.exclude(jobs__in=in_use).values_list("pk", flat=True)[:1000])
    for files in SelectionJob.objects.filter(selection__in=ids).values_list("files", flat=True):
        for file in files:
            default_storage.delete(file["place"])
    Selection.objects.filter(pk__in=ids).delete()
    _tidy_strays(now)
    if ids:
        logger.info("%d selections were removed", len(ids))
    return len(ids)


def _tidy_strays(now: datetime) -> None:
    """Files that were stored just before their worker died."""
    try:
        names = default_storage.listdir(DIRECTORY)[1]
    except FileNotFoundError:
        return
    for name in names:
        moment = name.partition("-")[0]
        if moment.isascii() and moment.isdigit() and float(moment) < (now - STRAYS_KEPT).timestamp():
            default_storage.delete(f"{DIRECTORY}/{name}")
