"""Rotation of the seal keys: everything that hangs on them follows the new first key, or nothing does."""

from dataclasses import dataclass

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from apps.miniprograms.models import MiniProgram, SealedSecret
from apps.miniprograms.sealing import (
    SEALED_PREFIX,
    fingerprint,
    is_fingerprint_of,
    open_secret,
    reseal_rows,
    seal_secret,
)
from apps.miniprograms.secrets import SecretUnavailable, resolve_secret


@dataclass(frozen=True)
class Rotation:
    """What a rotation did; `unread` are the appids whose `env:` or `file:` secret cannot be read here."""

    resealed: int
    removed: int
    unread: tuple[str, ...]


def rotate_seal_keys() -> Rotation:
    """Seal every used secret anew under the first key, with references and fingerprints; drop the unused ones.

    One transaction: after an error everything is as it was. Raises SecretUnavailable.
    """
    with transaction.atomic():
        miniprograms = list(MiniProgram.objects.select_for_update())
        refs = {ref for each in miniprograms for ref in (each.secret_ref, each.proxy_login_ref)}
        used = {ref.removeprefix(SEALED_PREFIX) for ref in refs}
        removed = SealedSecret.objects.exclude(address__in=used).delete()[0]
        rows = list(SealedSecret.objects.select_for_update())
        for row in rows:
            _reseal(row)
        reseal_rows.send(sender=None)
        elsewhere = [each for each in miniprograms if not each.secret_ref.startswith(SEALED_PREFIX)]
        unread = tuple(each.appid for each in elsewhere if not _renew_fingerprint(each))
    return Rotation(resealed=len(rows), removed=removed, unread=unread)


@sensitive_variables("secret")
def _reseal(row: SealedSecret) -> None:
    old_ref = SEALED_PREFIX + row.address
    secret = open_secret(old_ref)
    # the same secret may have been sealed under the new key already, for another mini-program
    new_ref = seal_secret(secret)
    if new_ref == old_ref:
        return
    MiniProgram.objects.filter(secret_ref=old_ref).update(secret_ref=new_ref, secret_fingerprint=fingerprint(secret))
    MiniProgram.objects.filter(proxy_login_ref=old_ref).update(proxy_login_ref=new_ref)
    row.delete()


@sensitive_variables("secret")
def _renew_fingerprint(miniprogram: MiniProgram) -> bool:
    """Key the fingerprint anew if it is still that of the secret; answer whether the secret could be read."""
    try:
        secret = resolve_secret(miniprogram)
    except SecretUnavailable:
        return False
    if is_fingerprint_of(miniprogram.secret_fingerprint, secret):
        MiniProgram.objects.filter(pk=miniprogram.pk).update(secret_fingerprint=fingerprint(secret))
    return True
