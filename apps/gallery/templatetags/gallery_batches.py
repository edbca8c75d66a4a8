"""How facts of a batch are worded on the gallery's pages."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.batches.models import BatchState, CodeBatch
from apps.batches.progress import find_progress
from apps.gallery.notices import notice_facts

register = template.Library()

STATES = {
    BatchState.RECEIVING: gettext_lazy("receiving"),
    BatchState.RUNNING: gettext_lazy("running"),
    BatchState.PAUSED: gettext_lazy("paused"),
    BatchState.HELD: gettext_lazy("on hold"),
    BatchState.DONE: gettext_lazy("done"),
    BatchState.CANCELLED: gettext_lazy("cancelled"),
}


@register.filter
def state_word(batch: CodeBatch) -> Any:
    """The state in a word or two."""
    if is_failure(batch):
        return _("finished, %(count)s failed") % {"count": grouped(batch.failed)}
    return STATES[BatchState(batch.state)]


@register.filter
def state_look(batch: CodeBatch) -> str:
    """The class of the badge with the state."""
    return "failed" if is_failure(batch) else str(batch.state)


def is_failure(batch: CodeBatch) -> bool:
    """Whether it has ended, and some of its rows have no code."""
    return bool(batch.state == BatchState.DONE and batch.failed)


@register.filter
def grouped(number: int) -> str:
    """`12,500`."""
    return f"{number:,}"


@register.filter
def duration(seconds: int) -> str:
    """`45 s`, `12 min` or `1 h 20 min`, rounded up."""
    if seconds < 90:
        return _("%(seconds)d s") % {"seconds": seconds}
    minutes = -(-seconds // 60)
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@register.inclusion_tag("gallery/bar.html")
def bar(batch: CodeBatch) -> dict[str, Any]:
    """How far it is, drawn; widths in percent with a point, whatever the language."""
    total = max(batch.total, 1)
    issued, failed = (f"{100 * count / total:.2f}" for count in (batch.issued, batch.failed))
    return {"issued": issued, "failed": failed, "percent": find_progress(batch).percent, "name": batch.name}


@register.inclusion_tag("gallery/ended.html", takes_context=True)
def ended_batches(context: dict[str, Any]) -> dict[str, Any]:
    """The notice of batches that have ended, in every page that is sent whole."""
    request = context["request"]
    return {"request": request, "csrf_token": context.get("csrf_token"), **notice_facts(request)}
