"""How selections and the work on them are worded on the gallery's pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.codes.checking import TAGS_MAX_COUNT
from apps.gallery.templatetags.gallery_batches import grouped
from apps.selections.models import Action, JobState, SelectionJob

register = template.Library()

# the colours of the badges are those of batches
STATES = {
    JobState.WAITING: (gettext_lazy("waiting"), "receiving"),
    JobState.RUNNING: (gettext_lazy("running"), "running"),
    JobState.DONE: (gettext_lazy("done"), "done"),
    JobState.FAILED: (gettext_lazy("failed"), "failed"),
    JobState.CANCELLED: (gettext_lazy("cancelled"), "cancelled"),
}


@register.filter
def job_title(job: SelectionJob) -> str:
    """What it does, in a few words."""
    tags = ", ".join(job.options.get("tags", []))
    return {
        Action.TAG: _("Add tags: %(tags)s") % {"tags": tags},
        Action.UNTAG: _("Remove tags: %(tags)s") % {"tags": tags},
        Action.ARCHIVE: _("Archive"),
        Action.RESTORE: _("Restore"),
        Action.PRINT: _("Sheets to print"),
    }[Action(job.action)]


@register.filter
def job_state(job: SelectionJob) -> Any:
    """The state in one word."""
    return STATES[JobState(job.state)][0]


@register.inclusion_tag("gallery/job_badge.html")
def job_badge(job: SelectionJob) -> dict[str, Any]:
    word, look = STATES[JobState(job.state)]
    return {"word": word, "look": look}


@register.inclusion_tag("gallery/bar.html")
def job_bar(job: SelectionJob) -> dict[str, Any]:
    """How far it is, drawn; widths in percent with a point, whatever the language."""
    share = f"{100 * job.done / max(job.total, 1):.2f}"
    return {"issued": share, "failed": "0", "percent": job.percent, "name": job_title(job)}


@register.filter
def job_results(job: SelectionJob) -> list[str]:
    """What came of it, a sentence each; nothing before the first code."""
    same = job.done - job.changed - job.left_out - job.full
    changed = {
        Action.TAG: ngettext("Tags added to %(number)s code.", "Tags added to %(number)s codes.", job.changed),
        Action.UNTAG: ngettext(
            "Tags removed from %(number)s code.", "Tags removed from %(number)s codes.", job.changed
        ),
        Action.ARCHIVE: ngettext("%(number)s code was archived.", "%(number)s codes were archived.", job.changed),
        Action.RESTORE: ngettext("%(number)s code was restored.", "%(number)s codes were restored.", job.changed),
        Action.PRINT: ngettext("%(number)s code is on the sheets.", "%(number)s codes are on the sheets.", job.changed),
    }[Action(job.action)]
    unchanged = ngettext("%(number)s unchanged.", "%(number)s unchanged.", same)
    full = ngettext(
        "%(number)s skipped: it would have more than %(most)s tags.",
        "%(number)s skipped: they would have more than %(most)s tags.",
        job.full,
    )
    left_out = ngettext(
        "%(number)s skipped: deleted, or you no longer have access.",
        "%(number)s skipped: deleted, or you no longer have access.",
        job.left_out,
    )
    told = [(changed, job.changed or not job.is_open), (unchanged, same), (full, job.full), (left_out, job.left_out)]
    counts = [job.changed, same, job.full, job.left_out]
    return [
        sentence % {"number": grouped(count), "most": TAGS_MAX_COUNT}
        for (sentence, is_told), count in zip(told, counts, strict=True)
        if is_told
    ]
