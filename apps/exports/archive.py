"""Pictures as a zip, made while it is sent: files named as people call the codes, and a manifest."""

import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import zipstream

from apps.codes.pictures import EXTENSIONS, Picture, PictureMissing, read_image
from apps.exports.names import UniqueNames, safe_stem
from apps.tables.csv_stream import csv_lines

CHUNK = 50
COPY_BYTES = 65_536
MANIFEST = "manifest.csv"
FILE_COLUMN = "wxcode_file"


@dataclass(frozen=True)
class ZipEntry:
    """One picture: what its file is called (`otherwise` if nothing of `name` is left), its cells in the manifest."""

    picture: Picture | None
    name: str
    otherwise: str
    record: Sequence[str]


def zip_pictures(header: Sequence[str], entries: Iterable[ZipEntry]) -> Iterator[bytes]:
    """The archive, piece by piece. Pictures are not compressed, which they are already.

    An entry whose picture is gone keeps its line in the manifest, without a file.
    """
    archive = zipstream.ZipStream(compress_type=zipfile.ZIP_STORED)
    names = UniqueNames()
    # so that no picture can be called like it
    names.take(*MANIFEST.rsplit(".", 1))
    rest = iter(entries)
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as manifest:
        lines = _Lines(manifest)
        lines.add([*header, FILE_COLUMN])
        while chunk := list(islice(rest, CHUNK)):
            for entry in chunk:
                lines.add([*entry.record, _add_picture(archive, entry, names)])
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


def _add_picture(archive: Any, entry: ZipEntry, names: UniqueNames) -> str:
    """Add the picture of `entry`; its name in the archive, empty if the file is gone."""
    if entry.picture is None:
        return ""
    try:
        content = read_image(entry.picture)
    except PictureMissing:
        return ""
    name = names.take(safe_stem(entry.name, otherwise=entry.otherwise), EXTENSIONS[entry.picture.media_type])
    archive.add(content, name)
    return name


def _pieces(file: IO[str]) -> Iterator[bytes]:
    while piece := file.read(COPY_BYTES):
        yield piece.encode()
