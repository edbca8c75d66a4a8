"""The pictures of a batch as a zip, made while it is sent: files named by label or scene, and a manifest."""

import tempfile
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import zipstream

from apps.batches.exports.names import UniqueNames, safe_stem
from apps.batches.exports.tables import FILE_COLUMN, header, record
from apps.batches.models import BatchItem, BatchItemQuerySet, CodeBatch
from apps.codes.pictures import EXTENSIONS, PictureMissing, read_image
from apps.tables.csv_stream import csv_lines

CHUNK = 50
COPY_BYTES = 65_536
MANIFEST = "manifest.csv"


def export_zip(batch: CodeBatch, items: BatchItemQuerySet) -> Iterator[bytes]:
    """The archive of the issued rows `items`, piece by piece. Pictures are not compressed, which they are already."""
    archive = zipstream.ZipStream(compress_type=zipfile.ZIP_STORED)
    names = UniqueNames()
    # so that no picture can be called like it
    names.take(*MANIFEST.rsplit(".", 1))
    rows = items.select_related("code").order_by("pk").iterator(chunk_size=CHUNK)
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as manifest:
        lines = _Lines(manifest)
        lines.add([*header(batch), FILE_COLUMN])
        while chunk := list(islice(rows, CHUNK)):
            for item in chunk:
                name = _add_picture(archive, item, names)
                lines.add([*record(batch, item), name])
            yield from archive.all_files()
        manifest.seek(0)
        archive.add(_pieces(manifest), MANIFEST)
        yield from archive.finalize()


class _Lines:
    """Writes CSV records one by one, the mark of the encoding before the first."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._is_first = True

    def add(self, cells: list[str]) -> None:
        text = "".join(csv_lines([cells]))
        self._file.write(text if self._is_first else text[1:])
        self._is_first = False


def _add_picture(archive: Any, item: BatchItem, names: UniqueNames) -> str:
    """Add the picture of `item`; its name in the archive, empty if the file is gone."""
    if item.code is None:
        return ""
    try:
        content = read_image(item.code)
    except PictureMissing:
        # the manifest keeps the row, without a file
        return ""
    name = names.take(safe_stem(item.title, otherwise=f"row-{item.row}"), EXTENSIONS[item.code.media_type])
    archive.add(content, name)
    return name


def _pieces(file: IO[str]) -> Iterator[bytes]:
    while piece := file.read(COPY_BYTES):
        yield piece.encode()
