"""Making, renewing and revoking API keys."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.clients.keys import PREFIX_LENGTH, hash_key, new_key
from apps.clients.models import ApiClient
from apps.clients.validation import publishable_mistakes
from apps.miniprograms.models import MiniProgram

KEY_FIELDS = [
    "key_prefix",
    "key_hash",
    "previous_key_prefix",
    "previous_key_hash",
    "previous_key_ends_at",
    "previous_key_used_at",
    "last_used_at",
]


@sensitive_variables()
def create_client(
    *,
    name: str,
    scopes: Iterable[str],
    appids: Iterable[str] = (),
    origins: Iterable[str] = (),
    networks: Iterable[str] = (),
    rate_limit: int | None = None,
    expires_at: dt.datetime | None = None,
    is_publishable: bool = False,
) -> tuple[ApiClient, str]:
    """A new client and its key, which exists nowhere else and is never shown again.

    No `appids`: every mini-program. Raises django's ValidationError, per field, and creates nothing then.
    """
    client = ApiClient(
        name=name,
        scopes=list(scopes),
        origins=list(origins),
        networks=list(networks),
        rate_limit=rate_limit,
        expires_at=expires_at,
        is_publishable=is_publishable,
    )
    key = assign_new_key(client)
    client.full_clean()
    miniprograms = find_miniprograms(appids)
    if is_publishable:
        mistakes = publishable_mistakes(scopes=client.scopes, origins=client.origins, miniprograms=miniprograms)
        if mistakes:
            raise ValidationError(mistakes)
    with transaction.atomic():
        client.save()
        client.miniprograms.set(miniprograms)
    return client, key


@sensitive_variables()
def rotate_key(client: ApiClient, *, hand_over: dt.timedelta = dt.timedelta(0)) -> str:
    """The client's new key. The one until now works beside it for `hand_over` and is refused from then on.

    A key that an earlier rotation left is refused at once. A revoked client stays revoked.
    """
    prefix, key_hash = client.key_prefix, client.key_hash
    key = assign_new_key(client)
    if hand_over:
        client.previous_key_prefix, client.previous_key_hash = prefix, key_hash
        client.previous_key_ends_at = timezone.now() + hand_over
        # the uses until now are most likely its own
        client.previous_key_used_at = client.last_used_at
        client.last_used_at = None
    else:
        _forget_previous_key(client)
    client.save(update_fields=KEY_FIELDS)
    return key


def end_hand_over(client: ApiClient) -> None:
    """The key before the present one is refused here at once and in every other process within 3 seconds."""
    _forget_previous_key(client)
    client.save(update_fields=KEY_FIELDS)


def _forget_previous_key(client: ApiClient) -> None:
    client.previous_key_prefix, client.previous_key_hash = "", None
    client.previous_key_ends_at = client.previous_key_used_at = None


@sensitive_variables()
def revoke_client(client: ApiClient) -> None:
    """Its keys are refused here at once and in every other process within 3 seconds; the history keeps the name.

    There is no way back: the hash becomes that of a key that nobody has.
    """
    client.is_active = False
    client.key_hash = hash_key(new_key(is_publishable=client.is_publishable))
    _forget_previous_key(client)
    client.save(update_fields=["is_active", *KEY_FIELDS])


@sensitive_variables()
def assign_new_key(client: ApiClient) -> str:
    """Gives `client` a new key without saving it, and returns the key."""
    key = new_key(is_publishable=client.is_publishable)
    client.key_prefix = key[:PREFIX_LENGTH]
    client.key_hash = hash_key(key)
    return key


def find_miniprograms(appids: Iterable[str]) -> list[MiniProgram]:
    """The mini-programs with these appids; ValidationError names those that do not exist."""
    asked = list(dict.fromkeys(appids))
    found = list(MiniProgram.objects.filter(appid__in=asked))
    missing = sorted(set(asked) - {miniprogram.appid for miniprogram in found})
    if missing:
        raise ValidationError({"miniprograms": _("Unknown mini-program: %(appids)s.") % {"appids": ", ".join(missing)}})
    return found
