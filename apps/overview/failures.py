"""What went wrong with codes within a day, by errcode, the most frequent first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.codes.models import FailedAttempt
from apps.miniprograms.grants import Viewer, only_visible
from apps.wechat.errcodes import find_errcode

WINDOW = timedelta(days=1)
# Reading so many takes 0.05 s; a storm of failures must not make the page slow.
ATTEMPTS_READ = 20_000
KINDS_SHOWN = 6


@dataclass(frozen=True)
class FailureKind:
    """One errcode, or wxcode's own code where WeChat said nothing: how often, when last, and what to do."""

    name: str
    count: int
    last_at: datetime
    meaning: str
    cure: str
    address: str


def find_failures(user: Viewer, *, now: datetime) -> list[FailureKind]:
    """The kinds of failure that `user` may see within 24 hours; the newest 20,000 attempts are read."""
    since = now - WINDOW
    visible = only_visible(FailedAttempt.objects.filter(at__gte=since), user)
    newest = visible.order_by("-at").values("pk")[:ATTEMPTS_READ]
    groups = FailedAttempt.objects.filter(pk__in=newest).order_by().values("errcode", "code")
    counted = groups.annotate(count=Count("*"), last_at=Max("at")).order_by("-count", "code")
    return [_describe(row, since) for row in counted[:KINDS_SHOWN]]


def _describe(row: Any, since: datetime) -> FailureKind:
    errcode, code = row["errcode"], row["code"]
    known = find_errcode(errcode)
    query = {"code": code, "at__gte": since.isoformat(), **({"errcode": errcode} if errcode is not None else {})}
    return FailureKind(
        name=code if errcode is None else str(errcode),
        count=row["count"],
        last_at=row["last_at"],
        meaning=known.meaning if known else _("reported by wxcode, not by WeChat") if errcode is None else code,
        cure=known.cure if known else "",
        address=f"{reverse('admin:codes_failedattempt_changelist')}?{urlencode(query)}",
    )
