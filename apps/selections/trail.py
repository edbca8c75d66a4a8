"""The audit trail of what is done with many codes: one entry that says what, to how many, and which they are."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models
from django.utils import translation
from django.utils.translation import gettext_noop

from apps.selections.models import Action, JobState, Selection, SelectionJob

DONE = {
    Action.TAG: gettext_noop("Added tags to many codes."),
    Action.UNTAG: gettext_noop("Removed tags from many codes."),
    Action.ARCHIVE: gettext_noop("Archived many codes."),
    Action.RESTORE: gettext_noop("Brought many codes back from the archive."),
    Action.PRINT: gettext_noop("Made sheets to print of many codes."),
}
STOPPED = {
    JobState.CANCELLED: gettext_noop("Work on many codes was cancelled part-way."),
    JobState.FAILED: gettext_noop("Work on many codes failed part-way."),
}
PICTURES = gettext_noop("Downloaded the pictures of many codes.")


def record_end(job: SelectionJob) -> None:
    """`job` has ended; its own numbers say how far it came."""
    _record(job.selection.user_id, job, STOPPED.get(JobState(job.state)) or DONE[Action(job.action)])


def record_pictures(selection: Selection) -> None:
    """The pictures are on their way to the person's browser."""
    _record(selection.user_id, selection, PICTURES)


def record_sheets(selection: Selection) -> None:
    """A document is on its way to the person's browser."""
    _record(selection.user_id, selection, DONE[Action.PRINT])


def _record(user_id: int, what: models.Model, message: str) -> None:
    # words are stored in English and translated for the reader
    with translation.override("en"):
        LogEntry.objects.log_actions(user_id, [what], CHANGE, message, single_object=True)
