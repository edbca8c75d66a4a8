"""Whether the data directory is this user's: what is wrong with it, and the cure, as one sentence."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# what wxcode keeps there; others may keep things beside it
OURS = ("local.env", "run.lock", "first-run.json", "wxcode.sqlite3", "media", "logs", "redis")


def find_owner_trouble(directory: Path) -> str:
    """Whose it is, or something of ours in it, that this process cannot write; empty if there is no such thing."""
    for place in (directory, *(directory / name for name in OURS)):
        try:
            owner = place.stat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"{place} cannot be looked at by uid {os.geteuid()} ({error.strerror})"
        if owner != os.geteuid() and not may(place, os.W_OK):
            return _describe(place, owner=owner, directory=directory)
    return ""


def is_there(directory: Path, name: str) -> bool:
    """Whether the file exists. Raises ImproperlyConfigured when this user cannot read it."""
    place = directory / name
    try:
        is_file = place.is_file()
        may_read = not is_file or may(place, os.R_OK)
    except PermissionError:
        is_file, may_read = True, False
    if not may_read:
        raise ImproperlyConfigured(f"{find_owner_trouble(directory) or f'{place} cannot be read'}.")
    return is_file


def may(place: Path, mode: int) -> bool:
    return os.access(place, mode, effective_ids=os.access in os.supports_effective_ids)


def _describe(place: Path, *, owner: int, directory: Path) -> str:
    user, group = os.geteuid(), os.getegid()
    return (
        f"{place} belongs to uid {owner}, and wxcode runs as uid {user}, which cannot write it: "
        f"run `chown -R {user}:{group} {directory}` as root, start wxcode as uid {owner}, "
        "or set WXCODE_DATA_DIR to another directory"
    )
