"""Failed rows as the table of another batch: what they have alike, and CSV with the columns that differ."""

from collections.abc import Iterator
from typing import Any

from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch, ItemState
from apps.codes.models import PATH_KINDS
from apps.codes.requests import page_to_ask
from apps.tables.csv_stream import CHUNK, MARK, csv_lines

# Left out of the table where all the rows have the same.
SHARED = ("page", "env_version", "width", "tags")


def failed_items(batch: CodeBatch) -> BatchItemQuerySet:
    """The rows to try again, in the order of the file."""
    failed: BatchItemQuerySet = BatchItem.objects.filter(batch=batch, state=ItemState.FAILED).order_by("pk")
    return failed


def find_alike(batch: CodeBatch) -> dict[str, Any]:
    """By column of SHARED: what all the failed rows have there. A path is each row's own."""
    items = failed_items(batch)
    names = [name for name in SHARED if name != "page" or batch.kind not in PATH_KINDS]
    first = items.values(*names).first() or {}
    alike = {name: value for name, value in first.items() if not items.exclude(**{name: value}).exists()}
    if "page" in alike:
        alike["page"] = page_to_ask(alike["page"], batch.miniprogram)
    return alike


def failed_table(batch: CodeBatch, *, without: dict[str, Any]) -> str:
    """CSV of the failed rows with every column that they use but those of `without`."""
    return "".join(csv_lines(_records(batch, without))).removeprefix(MARK)


def _records(batch: CodeBatch, without: dict[str, Any]) -> Iterator[list[str]]:
    items = failed_items(batch)
    names = ["page"] if batch.kind in PATH_KINDS else ["scene"]
    names += [name for name in ("label", "external_id") if items.exclude(**{name: ""}).exists()]
    names += [name for name in SHARED if name not in without and name not in names]
    yield [*names, *batch.columns]
    for item in items.iterator(chunk_size=CHUNK):
        asked = {"tags": ";".join(item.tags), "page": page_to_ask(item.page, batch.miniprogram)}
        cells = [asked.get(name, str(getattr(item, name))) for name in names]
        yield [*cells, *(str(item.extra.get(column, "")) for column in batch.columns)]
