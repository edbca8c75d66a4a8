"""A batch as PDF to print, with columns of its table, or facts of its codes, as captions."""

from collections.abc import Sequence
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch
from apps.exports.captions import CAPTIONS
from apps.exports.layout import Layout
from apps.exports.sheets import PART_SIZE, SheetEntry, draw_sheets

# as the table has them, whatever became of the code since
OWN_COLUMNS = ("label", "scene", "page", "external_id", "tags", "row")


def caption_columns(batch: CodeBatch) -> dict[str, Any]:
    """The captions of `batch`, in words: its own columns, the further ones of its table, facts of its codes."""
    words = {name: text for name, (text, _read) in CAPTIONS.items()} | {"row": _("Row")}
    own = {name: words[name] for name in OWN_COLUMNS}
    return own | {name: name for name in batch.columns if name not in own} | {
        name: text for name, text in words.items() if name not in own and name not in batch.columns
    }  # fmt: skip


def export_pdf(
    batch: CodeBatch, items: BatchItemQuerySet, *, layout: Layout, captions: Sequence[str], part: int = 1
) -> IO[bytes]:
    """Part `part` (from 1) of the issued rows `items` in a temporary file that is gone when it is closed.

    `captions` are names of `caption_columns`, at most one a line.
    """
    rows = items.select_related("code__miniprogram").order_by("pk")
    chosen = list(rows[(part - 1) * PART_SIZE : part * PART_SIZE])
    entries = [SheetEntry(item.code, [_caption(batch, item, column) for column in captions]) for item in chosen]
    return draw_sheets(batch.name, entries, count=len(entries), layout=layout)


def _caption(batch: CodeBatch, item: BatchItem, column: str) -> str:
    if column == "tags":
        return " ".join(item.tags)
    if column == "label":
        return item.title
    if column in OWN_COLUMNS:
        return str(getattr(item, column))
    if column in batch.columns or item.code is None:
        return str(item.extra.get(column, ""))
    return CAPTIONS[column][1](item.code)
