"""The tables of the codes, a subject per file."""

from apps.codes.models.codes import (
    BLOCK_SIZE,
    EXTERNAL_ID_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    SEARCHED,
    TAG_MAX_LENGTH,
    CodeTag,
    EarlierPicture,
    IssuedCode,
    IssuedCodeQuerySet,
    Tag,
)
from apps.codes.models.failures import FailedAttempt, FailedAttemptQuerySet
from apps.codes.models.kinds import PATH_KINDS, Door, Kind
from apps.codes.models.pools import LIFETIME_WARN_SHARE, LifetimePool, UncheckedPage

__all__ = [
    "BLOCK_SIZE",
    "CodeTag",
    "Door",
    "EXTERNAL_ID_MAX_LENGTH",
    "EarlierPicture",
    "FailedAttempt",
    "FailedAttemptQuerySet",
    "IssuedCode",
    "IssuedCodeQuerySet",
    "Kind",
    "LABEL_MAX_LENGTH",
    "LIFETIME_WARN_SHARE",
    "LifetimePool",
    "PATH_KINDS",
    "SEARCHED",
    "TAG_MAX_LENGTH",
    "Tag",
    "UncheckedPage",
]
