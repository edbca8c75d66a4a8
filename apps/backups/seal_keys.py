"""The keys in a backup: a file of their own, and ids that tell which key is needed without telling the key."""

from hashlib import sha256
from itertools import chain
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from apps.accounts.models import SecondFactor
from apps.backups.manifest import BackupRefused, write_private
from apps.miniprograms.models import SealedSecret

HEADER = (
    "# The keys of wxcode. With these and the database backup the AppSecrets can be read: keep them apart from it.\n"
    "# To restore, put both lines into .env (or name this file: make restore KEYS=...).\n"
)
ID_LENGTH = 12


def key_id(key: str) -> str:
    """A name for a random 256-bit key that does not help to find it."""
    return sha256(b"wxcode seal key id\0" + key.encode()).hexdigest()[:ID_LENGTH]


def find_needed_keys() -> tuple[list[str], int]:
    """Ids of the configured keys that open some stored secret, and how many secrets none of them opens."""
    ciphers = [(key_id(key), Fernet(key)) for key in settings.WXCODE_SEAL_KEYS]
    needed, shut = set(), 0
    secrets = SealedSecret.objects.values_list("sealed", flat=True)
    for sealed in chain(secrets.iterator(), SecondFactor.objects.values_list("sealed_key", flat=True).iterator()):
        opener = next((name for name, cipher in ciphers if _opens(cipher, bytes(sealed))), None)
        if opener is None:
            shut += 1
        else:
            needed.add(opener)
    return sorted(needed), shut


def missing_keys(needed: list[str]) -> list[str]:
    """Those of the `needed` ids that no key in WXCODE_SEAL_KEYS has."""
    return sorted(set(needed) - {key_id(key) for key in settings.WXCODE_SEAL_KEYS})


def write_keys(path: Path) -> None:
    """Both secrets of the installation as lines for .env, mode 0600. Raises BackupRefused if the file exists."""
    keys = ",".join(settings.WXCODE_SEAL_KEYS)
    try:
        write_private(path, f"{HEADER}SECRET_KEY={settings.SECRET_KEY}\nWXCODE_SEAL_KEYS={keys}\n")
    except FileExistsError:
        raise BackupRefused(f"{path} exists already: name another file for the keys.") from None


def _opens(cipher: Fernet, sealed: bytes) -> bool:
    try:
        cipher.decrypt(sealed)
    except InvalidToken:
        return False
    return True
