"""A batch as PDF to print, with columns of its table below the codes."""

from collections.abc import Sequence
from typing import IO

from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch
from apps.exports.layout import Layout
from apps.exports.sheets import PART_SIZE, SheetEntry, draw_sheets

OWN_COLUMNS = ("label", "scene", "page", "external_id", "row", "tags")


def export_pdf(
    batch: CodeBatch, items: BatchItemQuerySet, *, layout: Layout, captions: Sequence[str], part: int = 1
) -> IO[bytes]:
    """Part `part` (from 1) of the issued rows `items` in a temporary file that is gone when it is closed.

    `captions` names the columns under each code, at most one a line: label, scene, page, external_id, row, tags, or
    any further column of the batch.
    """
    chosen = list(items.select_related("code").order_by("pk")[(part - 1) * PART_SIZE : part * PART_SIZE])
    entries = [SheetEntry(item.code, [_caption(item, column) for column in captions]) for item in chosen]
    return draw_sheets(batch.name, entries, count=len(entries), layout=layout)


def _caption(item: BatchItem, column: str) -> str:
    if column == "tags":
        return " ".join(item.tags)
    if column == "label":
        return item.title
    return str(getattr(item, column) if column in OWN_COLUMNS else item.extra.get(column, ""))
