"""Whether pictures can be stored: the storage answers, may be written, and has room."""

import os
import shutil
from pathlib import Path

from django.core.files.storage import default_storage

MEBIBYTE = 1 << 20
# Two thousand pictures: time enough to make room.
FREE_BYTES = 100 * MEBIBYTE


def find_storage_trouble() -> str:
    """What is wrong with the storage of pictures, in words without values; empty if nothing is."""
    try:
        # an object storage without its bucket would say that a name does not exist
        probe = getattr(default_storage, "probe", None)
        # any name: what matters is that the storage answers
        probe() if probe else default_storage.exists("codes/readyz")
        root = Path(default_storage.path("")) if hasattr(default_storage, "base_location") else None
    except Exception as error:  # noqa: BLE001 - every storage raises errors of its own
        return type(error).__name__
    if root is not None:
        place = next(parent for parent in (root, *root.parents) if parent.exists())
        if not os.access(place, os.W_OK):
            return "the directory of the pictures cannot be written"
        free = shutil.disk_usage(place).free
        if free < FREE_BYTES:
            return f"{free // MEBIBYTE} MB are left on the disk of the pictures"
    return ""
