"""Sealing AppSecrets and other secrets at rest: authenticated encryption, keyed addresses and fingerprints."""

import hmac
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.errors import WxcodeError
from apps.miniprograms.models import SealedSecret

SEALED_PREFIX = "sealed:"
FINGERPRINT_LENGTH = 12
# Sent inside the transaction of a rotation: whoever keeps what `seal` made seals it anew now.
reseal_rows = Signal()


class SecretUnavailable(WxcodeError):
    """The AppSecret behind a reference cannot be read."""

    code = "secret_unavailable"
    title = _("The AppSecret cannot be read")
    http_status = 503


@sensitive_variables("secret")
def seal_secret(secret: str) -> str:
    """Seal `secret` under the first key and answer its reference, `sealed:<hmac>`.

    Sealing the same secret twice answers the same reference; under another first key it is another one, and
    the older stays good. Raises SecretUnavailable without a key.
    """
    address = _keyed_hash(secret, key=_keys()[0], purpose=b"wxcode secret address")
    SealedSecret.objects.get_or_create(address=address, defaults={"sealed": _cipher().encrypt(secret.encode())})
    return SEALED_PREFIX + address


def open_secret(secret_ref: str) -> str:
    """The secret behind a `sealed:` reference. Raises SecretUnavailable."""
    row = SealedSecret.objects.filter(address=secret_ref.removeprefix(SEALED_PREFIX)).first()
    if row is None:
        raise SecretUnavailable(
            _("No encrypted secret has this reference."), advice=_("Paste the AppSecret again in the admin.")
        )
    try:
        return _cipher().decrypt(bytes(row.sealed)).decode()
    except InvalidToken:
        raise SecretUnavailable(
            _("None of the keys in WXCODE_SEAL_KEYS can decrypt this secret."),
            advice=_("Add the key that encrypted it to WXCODE_SEAL_KEYS again, or paste the AppSecret again."),
        ) from None


@sensitive_variables("secret")
def fingerprint(secret: str) -> str:
    """A short hash, keyed by the first key, that tells equal secrets from different ones and nothing else."""
    return _fingerprint(secret, key=_keys()[0])


@sensitive_variables("secret")
def is_fingerprint_of(stored: str, secret: str) -> bool:
    """Whether `stored` was made from `secret` under any of the keys. Raises SecretUnavailable without a key."""
    return any(hmac.compare_digest(stored, _fingerprint(secret, key=key)) for key in _keys())


@sensitive_variables("secret")
def seal(secret: bytes) -> bytes:
    """`secret` under the first key, for a row that keeps it itself; `reseal_rows` must know that row.

    Raises SecretUnavailable without a key.
    """
    return _cipher().encrypt(secret)


def open_sealed(sealed: bytes) -> bytes:
    """What `seal` was given, under whichever key. Raises SecretUnavailable."""
    try:
        return _cipher().decrypt(sealed)
    except InvalidToken:
        raise SecretUnavailable(
            _("None of the keys in WXCODE_SEAL_KEYS can decrypt this secret."),
            advice=_("Add the key that encrypted it to WXCODE_SEAL_KEYS again."),
        ) from None


def _keys() -> list[str]:
    if not settings.WXCODE_SEAL_KEYS:
        raise SecretUnavailable(
            _("WXCODE_SEAL_KEYS is empty, so AppSecrets can’t be encrypted or decrypted."),
            advice=_("Set WXCODE_SEAL_KEYS (see .env.example) and restart."),
        )
    return list(settings.WXCODE_SEAL_KEYS)


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in _keys()])


@sensitive_variables("secret")
def _fingerprint(secret: str, *, key: str) -> str:
    return _keyed_hash(secret, key=key, purpose=b"wxcode secret fingerprint")[:FINGERPRINT_LENGTH]


@sensitive_variables()
def _keyed_hash(secret: str, *, key: str, purpose: bytes) -> str:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key.encode())
    return hmac.new(derived, secret.encode(), sha256).hexdigest()
