"""Secret references: `sealed:`, `env:` and `file:` turned into the AppSecret at the moment of use."""

import os
import re
from pathlib import Path

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.miniprograms.models import MiniProgram
from apps.miniprograms.sealing import (
    SEALED_PREFIX,
    SecretUnavailable,
    fingerprint,
    is_fingerprint_of,
    open_secret,
    seal_secret,
)

ENV_PREFIX = "env:"
FILE_PREFIX = "file:"
# An AppSecret has 32 characters. Anything longer, or of several lines, is some other file or variable.
SECRET_MAX_LENGTH = 128
_ENV_REF = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_FILE_REF = re.compile(r"file:/[^\r\n]+")
_APP_SECRET = re.compile(r"[0-9A-Fa-f]{32}")

__all__ = [
    "SecretUnavailable",
    "assign_secret",
    "has_secret_changed",
    "is_outside_ref",
    "resolve_ref",
    "resolve_secret",
    "seal_secret",
]


def resolve_secret(miniprogram: MiniProgram) -> str:
    """The AppSecret of `miniprogram`, in plain text, for the next call to WeChat only.

    Raises SecretUnavailable with what to do; the message never holds a secret.
    """
    return resolve_ref(miniprogram.secret_ref)


def resolve_ref(secret_ref: str) -> str:
    """The secret behind any kind of reference. Raises SecretUnavailable."""
    if secret_ref.startswith(SEALED_PREFIX):
        return open_secret(secret_ref)
    if secret_ref.startswith(ENV_PREFIX):
        return _from_environment(secret_ref.removeprefix(ENV_PREFIX))
    if secret_ref.startswith(FILE_PREFIX):
        return _from_file(secret_ref.removeprefix(FILE_PREFIX))
    raise SecretUnavailable(_("Unknown kind of secret reference."), advice=_("Use sealed:…, env:NAME or file:/path."))


def is_outside_ref(text: str) -> bool:
    """Whether `text` is `env:NAME` or `file:/path`, and not an AppSecret that landed in the wrong field."""
    if _ENV_REF.fullmatch(text):
        return not _APP_SECRET.fullmatch(text.removeprefix(ENV_PREFIX))
    return bool(_FILE_REF.fullmatch(text))


@sensitive_variables("secret")
def has_secret_changed(miniprogram: MiniProgram) -> bool:
    """Whether the secret behind the reference is another one than when it was entered. Raises SecretUnavailable."""
    secret = resolve_secret(miniprogram)
    return bool(miniprogram.secret_fingerprint) and not is_fingerprint_of(miniprogram.secret_fingerprint, secret)


@sensitive_variables("secret")
def assign_secret(miniprogram: MiniProgram, *, secret: str = "", secret_ref: str = "") -> None:
    """Point `miniprogram` (not saved here) at a pasted `secret` or at an `env:`/`file:` reference.

    The secret must resolve now, so that a typing error shows at once. Raises SecretUnavailable.
    """
    miniprogram.secret_ref = seal_secret(secret) if secret else secret_ref
    miniprogram.secret_fingerprint = fingerprint(resolve_secret(miniprogram))


def _from_environment(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise SecretUnavailable(
            _("The environment variable %(name)s is not set.") % {"name": name},
            advice=_("Set it for every web and worker process and restart them."),
        )
    return _plausible(value, place=name)


def _from_file(path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            value = file.read(2 * SECRET_MAX_LENGTH).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SecretUnavailable(
            _("The secret file %(path)s cannot be read (%(reason)s).") % {"path": path, "reason": reason},
            advice=_("Mount the file and let the service’s user read it."),
        ) from None
    if not value:
        raise SecretUnavailable(
            _("The secret file %(path)s is empty.") % {"path": path}, advice=_("Put the AppSecret into it.")
        )
    return _plausible(value, place=path)


@sensitive_variables("value")
def _plausible(value: str, *, place: str) -> str:
    """`value`, unless it cannot be an AppSecret: then it must not be sent to WeChat either."""
    if len(value) > SECRET_MAX_LENGTH or not value.isprintable():
        raise SecretUnavailable(
            _("The content of %(place)s is not an AppSecret: it is too long or has more than one line.")
            % {"place": place},
            advice=_("Put only the AppSecret there."),
        )
    return value
