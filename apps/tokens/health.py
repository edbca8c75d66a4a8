"""The state of each mini-program's token, as lists and panels show it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram
from apps.tokens import store
from apps.tokens.local_memory import UsableToken
from apps.tokens.trouble import Trouble, find_troubles


class TokenState(StrEnum):
    """From best to worst."""

    FRESH = "fresh"
    MISSING = "missing"
    PAUSED = "paused"
    INACTIVE = "inactive"
    TROUBLE = "trouble"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TokenHealth:
    """One mini-program's token at one moment; without a token the seconds are None.

    `expires_in`: until it ends if nobody refreshes it. `promised_seconds`: for how long a client can keep it.
    """

    state: TokenState
    expires_in: int | None = None
    promised_seconds: int | None = None
    fetched_at: float | None = None
    due_at: float | None = None
    trouble: Trouble | None = None


def find_health(miniprograms: Sequence[MiniProgram]) -> dict[str, TokenHealth]:
    """The health of each, by appid, in three round trips however many; UNKNOWN while Redis is away."""
    appids = [miniprogram.appid for miniprogram in miniprograms]
    try:
        records = store.find_records(appids)
        troubles = find_troubles(appids)
        due_at = store.find_due_at(appids)
    except CoordinationUnavailable:
        return dict.fromkeys(appids, TokenHealth(TokenState.UNKNOWN))
    now = time.time()
    return {
        miniprogram.appid: _health(
            miniprogram,
            records.get(miniprogram.appid),
            troubles.get(miniprogram.appid),
            due_at.get(miniprogram.appid),
            now=now,
        )
        for miniprogram in miniprograms
    }


def _health(
    miniprogram: MiniProgram,
    record: store.TokenRecord | None,
    known_trouble: Trouble | None,
    due_at: float | None,
    *,
    now: float,
) -> TokenHealth:
    usable = record if record is not None and record.is_usable(now) else None
    return TokenHealth(
        state=_state(miniprogram, usable, known_trouble),
        expires_in=usable.expires_in(now) if usable else None,
        promised_seconds=UsableToken.of(usable).expires_in(now) if usable else None,
        fetched_at=usable.fetched_at if usable else None,
        due_at=due_at,
        trouble=known_trouble,
    )


def _state(miniprogram: MiniProgram, usable: store.TokenRecord | None, known_trouble: Trouble | None) -> TokenState:
    if not miniprogram.is_active:
        return TokenState.INACTIVE
    if known_trouble is not None:
        return TokenState.TROUBLE
    if miniprogram.is_refresh_paused:
        return TokenState.PAUSED
    return TokenState.FRESH if usable else TokenState.MISSING
