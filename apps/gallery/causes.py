"""Why WeChat refused and what to do about it, in the words of the gallery's own forms."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from apps.batches.exports.again import failed_items
from apps.batches.models import BatchItem, CodeBatch
from apps.errors import WxcodeError
from apps.gallery.forms import LookForm
from apps.retold import tell_cause, tell_cure

# The field of a form that each of these is about.
FIELDS_OF_ERRCODES = {41030: "page", 40169: "scene", 40159: "path"}
# The table of errcodes names parameters of the API; forms have boxes and fields.
CURES = {
    41030: gettext_noop(
        "Check the spelling: no leading slash, no parameters. If the page isn’t published yet, turn off “%(box)s” "
        "(and choose the trial or development version), or publish the mini-program first."
    ),
    40169: gettext_noop("Enter a scene of 1 to 32 characters."),
    40159: gettext_noop("Enter a path of 1 to 1,024 characters, or of up to 128 for a square QR code."),
}
PAGE_IS_GONE = gettext_lazy(
    "The published version no longer has this page. Publish a version that has it, or create a similar code with "
    "“%(box)s” turned off."
)
# Failed rows that are read, and that are listed under each cause.
ROWS_READ, ROWS_LISTED = 5000, 100
SHOWN_OF_ROWS = ("row", "scene", "page", "label", "error", "errcode", "rid", "detail", "advice")


@dataclass
class Cause:
    """Failed rows of a batch with one and the same cause: how many, and the first of them."""

    count: int = 0
    items: list[BatchItem] = field(default_factory=list)

    @property
    def errcode(self) -> int | None:
        return self.items[0].errcode

    @property
    def error(self) -> str:
        return self.items[0].error

    @property
    def text(self) -> str:
        """What happened."""
        return self.items[0].cause

    @property
    def cure(self) -> str:
        """What to do about it."""
        return cure_here(self.errcode, self.items[0].advice)


def cure_here(errcode: int | None, advice: Any) -> str:
    """What to do about `errcode` on a page of the gallery, else the stored or given `advice`."""
    told, own = tell_cure(errcode, str(advice)), CURES.get(errcode or 0)
    # the table's cure may be a part of what is told
    return told.replace(tell_cure(errcode, ""), _(own) % {"box": _box()}) if own else told


def cure_of_code(error: WxcodeError) -> str:
    """What to do about `error` on the page of a code, which has no form."""
    if error.errcode == 41030:
        return str(PAGE_IS_GONE) % {"box": _box()}
    return cure_here(error.errcode, error.advice)


def messages_of(error: WxcodeError) -> list[str]:
    """What stands at the field that `error` is about: first the cause, then the cure."""
    return [tell_cause(error.errcode, str(error)), cure_here(error.errcode, error.advice)]


def find_causes(batch: CodeBatch) -> list[Cause]:
    """Why rows of `batch` failed, the most frequent cause first; the first ROWS_READ failed rows are read."""
    return _grouped(failed_items(batch).only(*SHOWN_OF_ROWS)[:ROWS_READ]) if batch.failed else []


def _box() -> str:
    """What the box is called that has WeChat check the page."""
    return str(LookForm.base_fields["check_path"].label)


def _grouped(items: Iterable[BatchItem]) -> list[Cause]:
    causes: dict[Any, Cause] = {}
    for item in items:
        # WeChat's errcode says it all; what wxcode says may have a name or a number in it
        key = (item.error, item.errcode) if item.errcode is not None else (item.error, item.detail)
        cause = causes.setdefault(key, Cause())
        cause.count += 1
        if len(cause.items) < ROWS_LISTED:
            cause.items.append(item)
    return sorted(causes.values(), key=lambda cause: -cause.count)
