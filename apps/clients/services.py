"""Making, renewing and revoking API keys."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.clients.keys import PREFIX_LENGTH, hash_key, new_key
from apps.clients.models import ApiClient
from apps.miniprograms.models import MiniProgram


@sensitive_variables()
def create_client(
    *,
    name: str,
    scopes: Iterable[str],
    appids: Iterable[str] = (),
    origins: Iterable[str] = (),
    networks: Iterable[str] = (),
    rate_limit: int | None = None,
) -> tuple[ApiClient, str]:
    """A new client and its key, which exists nowhere else and is never shown again.

    No `appids`: every mini-program. Raises django's ValidationError, per field, and creates nothing then.
    """
    client = ApiClient(
        name=name, scopes=list(scopes), origins=list(origins), networks=list(networks), rate_limit=rate_limit
    )
    key = assign_new_key(client)
    client.full_clean()
    miniprograms = find_miniprograms(appids)
    with transaction.atomic():
        client.save()
        client.miniprograms.set(miniprograms)
    return client, key


@sensitive_variables()
def rotate_key(client: ApiClient) -> str:
    """The client's new key; the old one is refused from now on. A revoked client stays revoked."""
    key = assign_new_key(client)
    client.save(update_fields=["key_prefix", "key_hash"])
    return key


def revoke_client(client: ApiClient) -> None:
    """The key is refused here at once and in every other process within 3 seconds; the history keeps the name."""
    client.is_active = False
    client.save(update_fields=["is_active"])


@sensitive_variables()
def assign_new_key(client: ApiClient) -> str:
    """Gives `client` a new key without saving it, and returns the key."""
    key = new_key()
    client.key_prefix = key[:PREFIX_LENGTH]
    client.key_hash = hash_key(key)
    return key


def find_miniprograms(appids: Iterable[str]) -> list[MiniProgram]:
    """The mini-programs with these appids; ValidationError names those that do not exist."""
    asked = list(dict.fromkeys(appids))
    found = list(MiniProgram.objects.filter(appid__in=asked))
    missing = sorted(set(asked) - {miniprogram.appid for miniprogram in found})
    if missing:
        raise ValidationError(
            {"miniprograms": _("There is no mini-program %(appids)s.") % {"appids": ", ".join(missing)}}
        )
    return found
