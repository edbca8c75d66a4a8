"""The pictures of a backup: one tar file of the originals, checked on the way out and on the way back."""

import io
import os
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.utils import validate_file_name

from apps.backups.manifest import BackupRefused
from apps.codes.models import IssuedCode


def write_pictures(target: Path) -> tuple[int, list[str]]:
    """Write every picture that the history knows; answer how many, and the names of missing or damaged ones.

    Call it after the snapshot of the database: a picture is stored before its row, so each row there has its own.
    """
    count, missing = 0, []
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        for name, expected in known_pictures():
            content = _read(name)
            if content is None or sha256(content).hexdigest() != expected:
                missing.append(name)
                continue
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o600
            archive.addfile(entry, io.BytesIO(content))
            count += 1
        archive.close()
        file.flush()
        os.fsync(file.fileno())
    return count, missing


def load_pictures(source: Path) -> int:
    """Put every picture back into the storage, in place of a damaged one; answer how many there are."""
    count = 0
    with tarfile.open(source, mode="r:") as archive:
        for entry in archive:
            stream = archive.extractfile(entry)
            if stream is None:
                raise BackupRefused(f"{source} holds something that is no file: {entry.name!r}.")
            try:
                validate_file_name(entry.name, allow_relative_path=True)
            except SuspiciousFileOperation:
                raise BackupRefused(f"{source} holds a file with a forbidden name: {entry.name!r}.") from None
            _put(entry.name, stream.read())
            count += 1
    return count


def find_damaged() -> Iterator[str]:
    """Names of pictures that the history knows and the storage lacks, or holds with other bytes."""
    for name, expected in known_pictures():
        content = _read(name)
        if content is None or sha256(content).hexdigest() != expected:
            yield name


def known_pictures() -> Iterator[tuple[str, str]]:
    """Name and sha256 of every picture in the history, each once."""
    rows = IssuedCode.objects.order_by("image").values_list("image", "image_sha256").distinct()
    yield from rows.iterator(chunk_size=2000)


def _read(name: str) -> bytes | None:
    try:
        with default_storage.open(name) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackupRefused(f"The picture storage does not give {name} ({error.strerror or 'error'}).") from None


def _put(name: str, content: bytes) -> None:
    present = _read(name)
    if present == content:
        return
    try:
        if present is not None:
            default_storage.delete(name)
        default_storage.save(name, ContentFile(content))
    except OSError as error:
        raise BackupRefused(
            f"The picture storage did not take {name} ({error.strerror or 'error'}). Make room and restore again."
        ) from None
