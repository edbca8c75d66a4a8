"""What a process looks at before it loads: what is wrong is one sentence at its end, and no traceback."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from wxcode.data_dir import find_owner_trouble

OWN_STORAGE = "apps.codes.storage.DurableFileSystemStorage"

# wxcode.E005  the data directory belongs to another user


def require_settings() -> None:
    """End the process unless its settings can be read. Call it before django.setup()."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wxcode.settings")
    try:
        _ = settings.DATA_DIR
    except ImproperlyConfigured as error:
        sys.exit(f"wxcode cannot start: {error}")


def require_own_data() -> None:
    """End the process when its database or its pictures are in a directory that belongs to another user."""
    trouble = find_data_trouble()
    if trouble:
        sys.exit(f"wxcode cannot start: {trouble}.")


def find_data_trouble() -> str:
    """What is wrong with the data directory, if the database or the pictures are there."""
    database = settings.DATABASES["default"]
    is_used = settings.STORAGES["default"]["BACKEND"] == OWN_STORAGE or (
        database["ENGINE"].endswith("sqlite3") and Path(str(database["NAME"])).is_relative_to(settings.DATA_DIR)
    )
    return find_owner_trouble(settings.DATA_DIR) if is_used else ""


@register
def data_directory_is_its_own(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """The same, for `manage.py check` and the commands that check first."""
    trouble = find_data_trouble()
    return [Error(f"{trouble}.", id="wxcode.E005")] if trouble else []
