"""API keys: how they look, how they are made, and what of them is stored."""

import hashlib
import re
import secrets
import string

ALPHABET = string.ascii_letters + string.digits
# 8 characters are shown to operators; the other 44 hold 44 × 5.95 = 262 bits
RANDOM_LENGTH = 52
SECRET_PREFIX, PUBLISHABLE_PREFIX = "wxc_", "wxp_"
KEY_PATTERN = re.compile(rf"wx[cp]_[A-Za-z0-9]{{{RANDOM_LENGTH}}}")
PREFIX_LENGTH = len(SECRET_PREFIX) + 8


def new_key(*, is_publishable: bool = False) -> str:
    """A fresh random key; nothing in wxcode keeps it. What may stand in a page's source says so by its prefix."""
    return (PUBLISHABLE_PREFIX if is_publishable else SECRET_PREFIX) + "".join(
        secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH)
    )


def is_well_formed(key: str) -> bool:
    return KEY_PATTERN.fullmatch(key) is not None


def hash_key(key: str) -> str:
    """The stored form. Plain SHA-256: a random key of this length needs no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()
