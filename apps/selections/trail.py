"""The audit trail of what is done with many codes: one entry that says what, to how many, and which they are."""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models
from django.utils.translation import gettext_noop

from apps.miniprograms.trail import Sentence, as_message, names, sentence
from apps.selections.models import Action, JobState, Selection, SelectionJob

DONE = {
    Action.TAG: gettext_noop("Added the tags %(tags)s to codes: %(changed)d of %(count)d (%(codes)s)."),
    Action.UNTAG: gettext_noop("Removed the tags %(tags)s from codes: %(changed)d of %(count)d (%(codes)s)."),
    Action.ARCHIVE: gettext_noop("Archived codes: %(changed)d of %(count)d (%(codes)s)."),
    Action.RESTORE: gettext_noop("Restored codes from the archive: %(changed)d of %(count)d (%(codes)s)."),
    Action.PRINT: gettext_noop("Created print sheets for codes: %(changed)d of %(count)d (%(codes)s)."),
}
STOPPED = {
    JobState.CANCELLED: gettext_noop("The bulk action was cancelled part-way."),
    JobState.FAILED: gettext_noop("The bulk action failed part-way."),
}
PICTURES = gettext_noop("Downloaded the images of codes: %(count)d (%(codes)s).")
SHEETS = gettext_noop("Downloaded print sheets of codes: %(count)d (%(codes)s).")


def record_end(job: SelectionJob) -> None:
    """`job` has ended; its own numbers say how far it came."""
    tags = names(job.options.get("tags", []))
    done = sentence(DONE[Action(job.action)], tags=tags, changed=job.changed, **_facts(job.selection))
    stopped = STOPPED.get(JobState(job.state))
    _record(job.selection.user_id, job, [done, *([sentence(stopped)] if stopped else [])])


def record_pictures(selection: Selection) -> None:
    """The pictures are on their way to the person's browser."""
    _record(selection.user_id, selection, [sentence(PICTURES, **_facts(selection))])


def record_sheets(selection: Selection) -> None:
    """A document is on its way to the person's browser."""
    _record(selection.user_id, selection, [sentence(SHEETS, **_facts(selection))])


def _facts(selection: Selection) -> dict[str, Any]:
    return {"count": selection.count, "codes": selection.named()}


def _record(user_id: int, what: models.Model, told: list[Sentence]) -> None:
    LogEntry.objects.log_actions(user_id, [what], CHANGE, as_message(*told), single_object=True)
