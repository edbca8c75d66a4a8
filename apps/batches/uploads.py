"""Uploaded tables between the check and the start: kept for an hour, known by a signed token, for one person."""

import logging
import secrets
import time
from dataclasses import dataclass
from typing import IO, Any, cast

from django.core import signing
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from apps.batches.bodies import BODY_MAX_BYTES, file_source, too_large
from apps.batches.reading.rows import RowSource
from apps.codes.pictures import StorageUnavailable
from apps.errors import InvalidRequest

logger = logging.getLogger(__name__)

KEPT_SECONDS = 3600
DIRECTORY = "uploads"
SALT = "apps.batches.uploads"
NAME_MAX_LENGTH = 200


class UploadGone(InvalidRequest):
    """The file that the token means is no longer kept, or the token is nobody's."""

    code = "upload_gone"
    title = _("The file has expired")


@dataclass
class KeptUpload:
    """A kept file: what its owner called it, its size in bytes, its content, and the token that finds it again."""

    name: str
    size: int
    file: IO[bytes]
    token: str
    place: str

    def source(self) -> RowSource:
        """Its rows. Raises UnreadableInput, BodyTooLarge."""
        return file_source(self.file, size=self.size)


def keep_upload(upload: "UploadedFile[Any]", *, owner: str) -> KeptUpload:
    """Keep `upload` for `owner` for an hour. Raises BodyTooLarge, StorageUnavailable."""
    size = upload.size or 0
    if size > BODY_MAX_BYTES:
        raise too_large()
    # the time is in the name, so that tidying needs a list and nothing more
    place = f"{DIRECTORY}/{int(time.time())}-{secrets.token_hex(16)}"
    try:
        place = default_storage.save(place, cast("File[Any]", upload))
    except OSError as error:
        raise StorageUnavailable(
            _("The file could not be saved to media storage (%(reason)s).") % {"reason": error.strerror or "error"},
            advice=_(
                "Nothing was started. Try again. Operators: check the media storage’s free space and permissions."
            ),
            retry_after=10,
        ) from error
    name = (upload.name or "")[:NAME_MAX_LENGTH]
    token = signing.dumps([place, name, size, owner], salt=SALT)
    upload.seek(0)
    return KeptUpload(name, size, cast(IO[bytes], upload.file), token, place)


def open_upload(token: str, *, owner: str) -> KeptUpload:
    """The file that `token` means, which the caller closes. Raises UploadGone."""
    try:
        place, name, size, kept_for = signing.loads(token, salt=SALT, max_age=KEPT_SECONDS)
        if kept_for != owner:
            raise _gone()
        file = default_storage.open(place)
    except (signing.BadSignature, ValueError, FileNotFoundError) as error:
        raise _gone() from error
    return KeptUpload(name, size, cast(IO[bytes], file), token, place)


def forget_upload(kept: KeptUpload) -> None:
    """It has served."""
    default_storage.delete(kept.place)


def tidy_uploads(*, now: float) -> int:
    """Remove what was kept for longer than an hour before `now` (Unix seconds); answer how many."""
    try:
        names = default_storage.listdir(DIRECTORY)[1]
    except FileNotFoundError:
        return 0
    old = [name for name in names if _kept_at(name) < now - KEPT_SECONDS]
    for name in old:
        default_storage.delete(f"{DIRECTORY}/{name}")
    if old:
        logger.info("%d uploaded tables were removed", len(old))
    return len(old)


def _kept_at(name: str) -> float:
    moment = name.partition("-")[0]
    # a name that is not ours is not removed either
    return float(moment) if moment.isascii() and moment.isdigit() else float("inf")


def _gone() -> UploadGone:
    return UploadGone(
        _("Uploaded files are kept for an hour; this one has expired."), advice=_("Choose the file again.")
    )
