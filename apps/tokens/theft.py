"""The thief detector: tokens that die before their time, because another system fetches tokens of the same appid."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.utils.translation import gettext_lazy as _

from apps.miniprograms.models import MiniProgram, TokenMode
from apps.tokens import policy
from apps.tokens.events import record_event
from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.outgoing import client_for
from apps.tokens.sources import Fetched, source_name
from apps.tokens.store import TokenRecord
from apps.wechat.errors import TokenRejected, WeChatError

# A token younger than this that WeChat rejects was more likely outrun by a fetch of ours than stolen.
SETTLING_SECONDS = 5.0
# Clocks differ, so WeChat's own renewal may seem to come early.
CLOCK_MARGIN_SECONDS = 30.0
# WeChat mints tokens for two hours; what is missing from that is how long one lived.
TOKEN_LIFE_SECONDS = 7200.0


@dataclass(frozen=True)
class Thefts:
    """What was noticed of one mini-program: how often, when last, and after how long its tokens usually died."""

    count: int
    last_at: datetime
    usual_life_seconds: int


def advice_for(miniprogram: MiniProgram) -> str:
    """What an operator can do about it."""
    if miniprogram.token_mode == TokenMode.CLASSIC:
        return str(
            _(
                "Another system fetches tokens for this appid and thereby invalidates wxcode’s. Switch the "
                "token mode to stable, or let the other system get its tokens from wxcode."
            )
        )
    return str(
        _(
            "Another system force-refreshes the stable token (force_refresh). Turn that off there, or let "
            "it get its tokens from wxcode."
        )
    )


def find_thefts(miniprograms: Iterable[MiniProgram], *, since: datetime) -> dict[str, Thefts]:
    """The thefts since then, by appid; mini-programs without any are not in the answer. One query."""
    wanted = {miniprogram.appid for miniprogram in miniprograms}
    events = TokenEvent.objects.thefts_since(since).values_list("miniprogram__appid", "at", "expires_at")
    by_appid: dict[str, list[tuple[datetime, datetime]]] = {}
    for appid, at, expires_at in events:
        if appid in wanted and expires_at is not None:
            by_appid.setdefault(appid, []).append((at, expires_at))
    return {appid: _judge(deaths) for appid, deaths in by_appid.items()}


def note_early_death(
    miniprogram: MiniProgram,
    *,
    seen: TokenRecord | None,
    rejected: str | None,
    fetched: Fetched,
    requested_by: str,
) -> None:
    """Leave a DIED_EARLY event if `seen`, the current token until `fetched`, was rejected because of a thief."""
    now = time.time()
    if seen is None or rejected != seen.value or not _died_early(seen, now):
        return
    if seen.source != source_name(miniprogram) or not _was_superseded(miniprogram, seen=seen, fetched=fetched):
        return
    record_event(
        miniprogram,
        outcome=Outcome.DIED_EARLY,
        trigger=Trigger.REJECTED,
        requested_by=requested_by,
        expires_at=seen.expires_at,
        detail=f"rejected {int(now - seen.fetched_at)} s after it was fetched, "
        f"{int(seen.expires_at - now)} s before its end",
    )


def _died_early(seen: TokenRecord, now: float) -> bool:
    renewal = seen.expires_at - policy.STABLE_RENEWAL_SECONDS - CLOCK_MARGIN_SECONDS
    return seen.fetched_at + SETTLING_SECONDS <= now <= renewal


def _was_superseded(miniprogram: MiniProgram, *, seen: TokenRecord, fetched: Fetched) -> bool:
    """Whether WeChat had another token than `seen` before we fetched, whatever the caller says who rejected it."""
    if fetched.is_forced or fetched.token.value == seen.value:
        # normal mode still answered the rejected token: whoever said so was wrong, or it may not call that API
        return False
    if miniprogram.token_mode == TokenMode.STABLE:
        return True
    # Our own fetch leaves a current token good for five more minutes. Only one that was knocked out before is dead.
    try:
        client_for(miniprogram).api_domain_ips(access_token=seen.value)
    except TokenRejected:
        return True
    except WeChatError:
        # it proves nothing, and an accusation needs proof
        return False
    return False


def _judge(deaths: list[tuple[datetime, datetime]]) -> Thefts:
    lives = [TOKEN_LIFE_SECONDS - (expires_at - at).total_seconds() for at, expires_at in deaths]
    return Thefts(
        count=len(deaths),
        last_at=max(at for at, _expires_at in deaths),
        usual_life_seconds=max(int(median(lives)), 0),
    )
