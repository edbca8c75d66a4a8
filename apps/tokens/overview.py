"""Everything that operators see of many tokens at once, gathered in a fixed number of round trips and queries."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram
from apps.tokens.health import TokenHealth, TokenState, find_health
from apps.tokens.models import Outcome, TokenEvent
from apps.tokens.outgoing import LeftAlone, find_left_alone
from apps.tokens.quota import QuotaUse, count_code_calls, read_uses
from apps.tokens.theft import Thefts, find_thefts

THEFTS_SHOWN = timedelta(days=1)
REFRESHES = (Outcome.REFRESHED, Outcome.UNCHANGED)


class Urgency(IntEnum):
    """How soon an operator should look; the order of the health page."""

    BROKEN = 0
    FAILING = 1
    WARNING = 2
    UNKNOWN = 3
    WAITING = 4
    PAUSED = 5
    WELL = 6
    OFF = 7


@dataclass(frozen=True)
class Overview:
    """One mini-program with the state of its token; `use` and `code_calls` None while Redis is away."""

    miniprogram: MiniProgram
    health: TokenHealth
    use: QuotaUse | None
    code_calls: int | None
    thefts: Thefts | None
    last_refresh: TokenEvent | None = None
    # the endpoints that failed in a row, so that nobody is sent there for a while
    left_alone: tuple[LeftAlone, ...] = ()

    @property
    def urgency(self) -> Urgency:
        state, trouble = self.health.state, self.health.trouble
        if state is TokenState.TROUBLE and trouble is not None:
            if trouble.is_credential:
                return Urgency.BROKEN
            return Urgency.FAILING if self.health.expires_in is None else Urgency.WARNING
        is_worrying = bool(self.left_alone) or self.thefts is not None or (self.use is not None and self.use.is_warning)
        if is_worrying and state is not TokenState.INACTIVE:
            return Urgency.WARNING
        return {
            TokenState.FRESH: Urgency.WELL,
            TokenState.MISSING: Urgency.WAITING,
            TokenState.PAUSED: Urgency.PAUSED,
            TokenState.INACTIVE: Urgency.OFF,
        }.get(state, Urgency.UNKNOWN)


def find_overviews(miniprograms: Sequence[MiniProgram]) -> list[Overview]:
    """An overview of each, in the same order: seven or eight Redis round trips and three queries, however many."""
    return add_last_refreshes(find_states(miniprograms))


def find_states(miniprograms: Sequence[MiniProgram]) -> list[Overview]:
    """The same without the last refreshes, which take the longest; enough to sort by."""
    health = find_health(miniprograms)
    uses, code_calls = _read_meters(miniprograms)
    thefts = find_thefts(miniprograms, since=timezone.now() - THEFTS_SHOWN)
    left_alone = _find_left_alone(miniprograms)
    return [
        Overview(
            miniprogram=miniprogram,
            health=health[miniprogram.appid],
            use=uses.get(miniprogram.appid),
            code_calls=code_calls.get(miniprogram.appid),
            thefts=thefts.get(miniprogram.appid),
            left_alone=tuple(left_alone.get(miniprogram.appid, ())),
        )
        for miniprogram in miniprograms
    ]


def add_last_refreshes(overviews: Sequence[Overview]) -> list[Overview]:
    """The same overviews with their last refreshes."""
    refreshes = _find_last_refreshes([overview.miniprogram for overview in overviews])
    return [replace(overview, last_refresh=refreshes.get(overview.miniprogram.pk)) for overview in overviews]


def sort_by_urgency(overviews: Sequence[Overview]) -> list[Overview]:
    """The most urgent first; among equals the token that ends first, then by name."""
    return sorted(
        overviews,
        key=lambda each: (each.urgency, each.health.expires_in or 0, each.miniprogram.name, each.miniprogram.pk),
    )


def _read_meters(miniprograms: Sequence[MiniProgram]) -> tuple[dict[str, QuotaUse], dict[str, int]]:
    modes = {miniprogram.appid: miniprogram.token_mode for miniprogram in miniprograms}
    try:
        return read_uses(modes, now=time.time()), count_code_calls(modes)
    except CoordinationUnavailable:
        return {}, {}


def _find_left_alone(miniprograms: Sequence[MiniProgram]) -> dict[str, list[LeftAlone]]:
    found: dict[str, list[LeftAlone]] = {}
    with suppress(CoordinationUnavailable):
        for each in find_left_alone(miniprogram.appid for miniprogram in miniprograms):
            found.setdefault(each.appid, []).append(each)
    return found


def _find_last_refreshes(miniprograms: Sequence[MiniProgram]) -> dict[int, TokenEvent]:
    # Asked for equality, PostgreSQL walked back through a million events, 0.5 s for each mini-program without any.
    mine = TokenEvent.objects.filter(miniprogram__gte=OuterRef("pk"), miniprogram__lte=OuterRef("pk"))
    newest = mine.filter(outcome__in=REFRESHES).order_by("miniprogram_id", "-id").values("id")[:1]
    found_ids = MiniProgram.objects.filter(pk__in=[each.pk for each in miniprograms])
    ids = found_ids.values_list(Subquery(newest), flat=True)
    # two queries: the index answers the first per mini-program, the second takes rows by id
    found = TokenEvent.objects.filter(pk__in=[pk for pk in ids if pk is not None])
    return {event.miniprogram_id: event for event in found}
