"""Everything that needs somebody, in one list: tokens, batches, locked accounts, quotas, failed requests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.lockouts import Lock, find_locks
from apps.miniprograms.grants import Viewer
from apps.overview.failures import FailureKind, find_failures
from apps.overview.meters import Meters, PoolMeter
from apps.overview.open_batches import OpenBatch, OpenBatches
from apps.tokens.cures import WANTING, Button, find_button
from apps.tokens.overview import Overview, Urgency
from apps.tokens.templatetags.token_cells import ago, token_cure, token_state

# of each kind; the rest is behind the link of the last row
SHOWN = 8
T = TypeVar("T")


@dataclass(frozen=True)
class Need:
    """One row: what it is about, how bad it is, cause and cure, and the button that mends it."""

    name: str
    address: str
    note: str = ""
    state: SafeString | str = ""
    text: SafeString | str = ""
    button: Button | None = None
    # to press the button
    permission: str = ""


def find_needs(
    user: Viewer,
    overviews: Sequence[Overview],
    *,
    meters: Sequence[Meters],
    batches: OpenBatches | None,
    now: datetime,
) -> list[Need]:
    """What needs somebody, of all that `user` may see, the most urgent kinds first; empty: nothing does."""
    wanting = [overview for overview in overviews if overview.urgency in WANTING]
    broken = [overview for overview in wanting if overview.urgency <= Urgency.FAILING]
    others = [overview for overview in wanting if overview.urgency > Urgency.FAILING]
    needs = _cut(broken, _token, reverse("token-health"))
    if batches is not None:
        needs += _stuck(batches)
    if user.has_perm("axes.view_accessattempt"):
        needs += _cut(find_locks(), _locked, reverse("admin:axes_accessattempt_changelist"))
    full = [each for each in meters if each.pool.is_warning]
    needs += _cut(full, _pool, reverse("admin:miniprograms_miniprogram_changelist"))
    needs += _cut(others, _token, reverse("token-health"))
    if user.has_perm("codes.view_failedattempt"):
        needs += [_failure(kind) for kind in find_failures(user, now=now)]
    return [need if user.has_perm(need.permission) else replace(need, button=None) for need in needs]


def _cut(found: Sequence[T], build: Callable[[T], Need], address: str, *, count: int | None = None) -> list[Need]:
    """The rows of the first, and one that leads to the others."""
    needs = [build(each) for each in found[:SHOWN]]
    more = (len(found) if count is None else count) - SHOWN
    if more <= 0:
        return needs
    words = ngettext("%(count)d more needs attention", "%(count)d more need attention", more) % {"count": more}
    return [*needs, Need(words, address)]


def _token(overview: Overview) -> Need:
    miniprogram = overview.miniprogram
    sandbox = f" · {_('sandbox')}" if miniprogram.is_sandbox else ""
    return Need(
        name=miniprogram.name,
        address=reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk]),
        note=f"{miniprogram.appid}{sandbox}",
        state=token_state(overview),
        text=token_cure(overview),
        button=find_button(overview),
        permission="miniprograms.change_miniprogram",
    )


def _stuck(batches: OpenBatches) -> list[Need]:
    stuck = [each for each in batches.listed if each.is_stuck]
    return _cut(stuck, _batch, reverse("admin:batches_codebatch_changelist"), count=batches.stuck)


def _batch(each: OpenBatch) -> Need:
    batch = each.batch
    return Need(
        name=batch.name,
        address=reverse("admin:batches_codebatch_change", args=[batch.pk]),
        note=f"{batch.miniprogram.name} · {batch.issued_by}",
        state=_pill(each.look, each.word),
        text=each.warning or _why_held(each),
        button=each.button,
        permission="batches.change_codebatch",
    )


def _why_held(each: OpenBatch) -> SafeString:
    batch = each.batch
    if batch.resume_at:
        wait = _("retries automatically at %(time)s") % {"time": f"{localtime(batch.resume_at):%H:%M:%S}"}
    else:
        wait = _("on hold until someone resumes it")
    return format_html(
        '<strong>{}</strong> {} <span class="token-note">{}<br>{}</span>',
        "" if batch.hold_errcode is None else batch.hold_errcode,
        batch.hold_cause,
        batch.hold_cure,
        wait,
    )


def _locked(lock: Lock) -> Need:
    page = reverse("admin:auth_user_change", args=[lock.account.pk])
    return Need(
        name=lock.account.get_username(),
        address=page,
        note=_("user"),
        state=_pill("bad", _("locked")),
        text=_("Too many failed logins from %(addresses)s. Locked until %(time)s, unless an operator unlocks it.")
        % {"addresses": ", ".join(lock.addresses), "time": f"{localtime(lock.until):%H:%M}"},
        button=Button(_("Open"), page, is_link=True),
        permission="auth.view_user",
    )


def _pool(each: Meters) -> Need:
    miniprogram = each.overview.miniprogram
    return Need(
        name=miniprogram.name,
        address=reverse("admin:miniprograms_miniprogram_change", args=[miniprogram.pk]),
        note=miniprogram.appid,
        state=_pill("warning", _("lifetime quota")),
        text=_pool_words(each.pool),
    )


def _pool_words(pool: PoolMeter) -> str:
    words = _("%(share)d %% of the lifetime quota is used. Create unlimited codes instead.")
    return words % {"share": pool.percent}


def _failure(kind: FailureKind) -> Need:
    return Need(
        name=f"{kind.count:,} × {kind.name}",
        address=kind.address,
        note=_("failed requests in the last 24 hours"),
        state=format_html('<span class="token-note">{}</span>', ago(kind.last_at)),
        text=format_html('{} <span class="token-note">{}</span>', kind.meaning, kind.cure),
    )


def _pill(look: str, words: str) -> SafeString:
    return format_html('<span class="token-pill is-{}">{}</span>', look, words)
