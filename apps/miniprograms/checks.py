"""System checks with permanent ids: sealed keys, secret references, the sandbox in production."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import SecretUnavailable, resolve_secret

# wxcode.E001  WXCODE_SEAL_KEYS is empty
# wxcode.E002  a secret reference does not resolve          (manage.py check --database default)
# wxcode.W003  sandbox mini-programs or SANDBOX_URL in production (check --deploy)


@register(Tags.security)
def seal_keys_are_set(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without a key no AppSecret can be sealed or opened."""
    if settings.WXCODE_SEAL_KEYS:
        return []
    return [
        Error(
            "WXCODE_SEAL_KEYS is empty, so AppSecrets can neither be sealed nor opened.",
            hint="Set it to a Fernet key; .env.example shows the command that makes one.",
            id="wxcode.E001",
        )
    ]


@register(Tags.database)
def secret_references_resolve(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every active mini-program's AppSecret can be read here."""
    return list(_unresolved()) if databases else []


@register(Tags.security, deploy=True)
def sandbox_is_off(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Codes of the sandbox cannot be scanned, so production should know that it has one."""
    if not settings.SANDBOX_URL or not settings.HTTPS_ONLY:
        return []
    return [
        Warning(
            "SANDBOX_URL is set in production: mini-programs marked as sandbox get codes that nobody can scan.",
            hint="Unset SANDBOX_URL, or silence wxcode.W003 if people rehearse here on purpose.",
            id="wxcode.W003",
        )
    ]


def _unresolved() -> Iterator[CheckMessage]:
    try:
        miniprograms = list(MiniProgram.objects.active())
    except DatabaseError:
        return  # not migrated yet
    for miniprogram in miniprograms:
        try:
            resolve_secret(miniprogram)
        except SecretUnavailable as error:
            yield Error(
                f"The AppSecret of {miniprogram.appid} cannot be read: {error}",
                hint=str(error.advice),
                obj=miniprogram,
                id="wxcode.E002",
            )
