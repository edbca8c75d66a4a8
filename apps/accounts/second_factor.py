"""What can be done with a second factor: begin, confirm, check a code, new backup codes, remove; each is on record."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.translation import gettext_noop

from apps.accounts.models import DIGITS, BackupCodes, SecondFactor, SecurityNotice
from apps.accounts.notices import tell_holder
from apps.accounts.records import record_change

ADMIN_ROOT = "/admin/"
Kind = SecurityNotice.Kind


@dataclass(frozen=True)
class Verdict:
    """Of a code: the `device` that took it, or None.

    `early_by`: the seconds that were left of an earlier pause, so that the code was not looked at.
    """

    device: SecondFactor | BackupCodes | None
    early_by: int = 0


def find_second_factor(user: Any) -> SecondFactor | None:
    """The confirmed one of `user`."""
    found: SecondFactor | None = SecondFactor.objects.filter(user_id=user.pk, confirmed=True).first()
    return found


def is_required(user: Any, path: str) -> bool:
    """Whether REQUIRE_SECOND_FACTOR wants one from `user` for the page at `path`, with SCRIPT_NAME or without."""
    rule = settings.REQUIRE_SECOND_FACTOR
    if rule == "admin":
        return bool(user.is_superuser or path.startswith((ADMIN_ROOT, f"{get_script_prefix()}admin/")))
    return bool(rule == "staff" and user.is_staff)


def begin(user: Any) -> SecondFactor:
    """The unconfirmed device whose QR code `user` looks at; the same one until it is confirmed."""
    with transaction.atomic():
        found: SecondFactor | None = SecondFactor.objects.filter(user=user, confirmed=False).first()
        if found is None:
            found = SecondFactor.with_new_key(user)
            found.save()
    return found


def confirm(user: Any, code: str) -> list[str] | None:
    """The new backup codes if `code` proves that the app is set up, else None. What was there before is replaced."""
    with transaction.atomic():
        device = SecondFactor.objects.select_for_update().filter(user=user, confirmed=False).first()
        if device is None or not device.verify_token(code):
            return None
        SecondFactor.objects.filter(user=user, confirmed=True).delete()
        device.confirmed = True
        device.save()
        codes = _renew_codes(user)
        record_change(user, gettext_noop("Second factor set up."))
        tell_holder(user, Kind.SECOND_FACTOR_SET_UP)
    return codes


def check_code(user: Any, code: str) -> Verdict:
    """Looks at a code of the app or a backup code; a wrong one makes the next one wait. Raises SecretUnavailable."""
    bare = "".join(code.split())
    kind = SecondFactor if len(bare) == DIGITS and bare.isdecimal() else BackupCodes
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user_id=user.pk, confirmed=True).first()
        if device is None:
            return Verdict(None)
        early_by = find_wait(device)
        if device.verify_token(bare):
            if kind is BackupCodes:
                record_change(user, gettext_noop("Logged in with a backup code."))
                tell_holder(user, Kind.BACKUP_CODE_USED)
            return Verdict(device)
        if isinstance(device, SecondFactor) and device.was_used(bare):
            tell_holder(user, Kind.CODE_REUSED)
        return Verdict(None, early_by)


def find_wait(device: SecondFactor | BackupCodes) -> int:
    """The seconds until `device` looks at another code; 0 if it does now."""
    allowed, facts = device.verify_is_allowed()
    return 0 if allowed else max(1, round((facts["locked_until"] - timezone.now()).total_seconds()))


def renew_backup_codes(user: Any) -> list[str]:
    """Ten new codes; the old ones are void."""
    with transaction.atomic():
        codes = _renew_codes(user)
        record_change(user, gettext_noop("New backup codes created."))
        tell_holder(user, Kind.BACKUP_CODES_RENEWED)
    return codes


def count_backup_codes(user: Any) -> int:
    codes = BackupCodes.objects.filter(user_id=user.pk).first()
    return len(codes.hashes) if codes else 0


def remove(user: Any) -> bool:
    """Takes device and backup codes away; whether there were any. Whoever calls it puts it on record."""
    with transaction.atomic():
        found = SecondFactor.objects.filter(user=user).delete()[0] + BackupCodes.objects.filter(user=user).delete()[0]
        if found:
            tell_holder(user, Kind.SECOND_FACTOR_REMOVED)
    return bool(found)


def _renew_codes(user: Any) -> list[str]:
    row, _is_new = BackupCodes.objects.select_for_update().get_or_create(user=user, defaults={"name": "backup"})
    codes: list[str] = row.renew()
    row.save()
    return codes
