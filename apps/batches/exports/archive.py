"""The pictures of a batch as a zip with a manifest."""

from collections.abc import Iterator

from apps.batches.exports.tables import header, record
from apps.batches.models import BatchItemQuerySet, CodeBatch
from apps.exports.archive import CHUNK, ZipEntry, zip_pictures


def export_zip(batch: CodeBatch, items: BatchItemQuerySet) -> Iterator[bytes]:
    """The archive of the issued rows `items`, piece by piece."""
    return zip_pictures(header(batch), _entries(batch, items))


def _entries(batch: CodeBatch, items: BatchItemQuerySet) -> Iterator[ZipEntry]:
    for item in items.select_related("code").order_by("pk").iterator(chunk_size=CHUNK):
        yield ZipEntry(item.code, name=item.title, otherwise=f"row-{item.row}", record=record(batch, item))
