"""System checks with permanent ids: the storage of the pictures can be made from its settings."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages

# wxcode.E004  MEDIA_STORAGE or MEDIA_STORAGE_OPTIONS make no storage


@register
def picture_storage_can_be_made(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Said at the start of every command, and not by the first picture that is lost."""
    try:
        storages.create_storage(settings.STORAGES["default"])
    except (InvalidStorageError, ImproperlyConfigured, TypeError, ValueError) as error:
        # of an option's value nothing is repeated: it may be a password
        reason = str(error) if isinstance(error, (InvalidStorageError, ImproperlyConfigured)) else type(error).__name__
        return [
            Error(
                f"MEDIA_STORAGE and MEDIA_STORAGE_OPTIONS make no storage for the pictures: {reason}",
                hint='For example MEDIA_STORAGE=s3 and MEDIA_STORAGE_OPTIONS={"bucket_name": "codes"}.',
                id="wxcode.E004",
            )
        ]
    return []
