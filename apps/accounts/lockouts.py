"""Accounts that are kept out after too many failed logins: which, from where, until when, and letting them in."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Max, Sum
from django.utils import timezone

from apps.accounts.guard import forget_name


@dataclass(frozen=True)
class Lock:
    """`account` cannot log in from `addresses`; from all of them again at `until`."""

    account: User
    addresses: tuple[str, ...]
    until: datetime


def find_locks(accounts: Iterable[User] | None = None) -> list[Lock]:
    """Those of `accounts`, or of all, that are locked now. Two queries.

    A name that no account has may be a password in the wrong field, so it is shown to nobody.
    """
    names = None if accounts is None else [account.username for account in accounts]
    rows = list(_locked_rows(names))
    found = {
        account.username: account for account in User.objects.filter(username__in=[row["username"] for row in rows])
    }
    by_name: dict[str, list[Any]] = {name: [] for name in sorted(found)}
    for row in rows:
        if row["username"] in by_name:
            by_name[row["username"]].append(row)
    return [
        Lock(
            account=found[name],
            addresses=tuple(sorted(row["ip_address"] or "?" for row in mine)),
            until=max(row["newest"] for row in mine) + settings.AXES_COOLOFF_TIME,
        )
        for name, mine in by_name.items()
    ]


def unlock(account: User) -> int:
    """Forgets the failed logins of `account`, from every address; how many rows. Whoever calls it puts it on record."""
    count: int = AccessAttempt.objects.filter(username=account.username).delete()[0]
    forget_name(account.username)
    return count


def _locked_rows(names: Collection[str] | None) -> Any:
    """As django-axes counts: the failures of a name from an address together, whatever the browser."""
    recent = AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - settings.AXES_COOLOFF_TIME)
    mine = recent if names is None else recent.filter(username__in=names)
    counted = mine.values("username", "ip_address").order_by()
    counted = counted.annotate(failures=Sum("failures_since_start"), newest=Max("attempt_time"))
    return counted.filter(failures__gte=settings.AXES_FAILURE_LIMIT)
