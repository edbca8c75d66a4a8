"""What a backup consists of: its directory, its manifest, and the checks before anything of it is believed."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1
MANIFEST_NAME = "manifest.json"
PICTURES_NAME = "pictures.tar"
CHUNK_BYTES = 1 << 20


class BackupRefused(Exception):
    """Nothing was done, or what was done is named; the text says what to change."""


@dataclass(frozen=True)
class Manifest:
    """What lies in a backup; `files`: sha256 by file name; `needed_keys`: ids of the keys that open its secrets."""

    format: int
    made_at: str
    vendor: str
    database: str
    migrations: list[str]
    needed_keys: list[str]
    codes: int
    pictures: int
    missing_pictures: list[str]
    files: dict[str, str]

    @property
    def has_pictures(self) -> bool:
        return PICTURES_NAME in self.files

    def write(self, directory: Path) -> None:
        """Put it beside the files, flushed to disk."""
        write_private(directory / MANIFEST_NAME, json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n")


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a whole and undamaged backup. Raises BackupRefused, naming what is wrong with it."""
    try:
        content = json.loads((directory / MANIFEST_NAME).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise BackupRefused(f"{directory} has format {content['format']}; this version of wxcode reads {FORMAT}.")
        manifest = Manifest(**content)
    except FileNotFoundError:
        raise BackupRefused(f"{directory} is no backup: it has no {MANIFEST_NAME}.") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupRefused(f"{directory / MANIFEST_NAME} cannot be read ({type(error).__name__}).") from None
    for name, expected in manifest.files.items():
        if Path(name).name != name:
            raise BackupRefused(f"The manifest names a file outside the backup: {name!r}.")
        try:
            found = file_sha256(directory / name)
        except OSError as error:
            raise BackupRefused(f"{directory / name} cannot be read ({error.strerror}).") from None
        if found != expected:
            raise BackupRefused(f"{directory / name} is damaged: its sha256 is not the one in the manifest.")
    return manifest


def file_sha256(path: Path) -> str:
    """The sha256 of a file of any size, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read, flushed to disk. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
