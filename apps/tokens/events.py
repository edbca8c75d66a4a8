"""Writing the history of tokens: every refresh leaves a TokenEvent, and trouble with the database never stops it."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from apps.coordination.counting import tally
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.tokens.models import Outcome, TokenEvent, Trigger

logger = logging.getLogger(__name__)
DETAIL_LIMIT = 500


def record_event(
    miniprogram: MiniProgram,
    *,
    outcome: Outcome,
    trigger: Trigger,
    requested_by: str,
    took_ms: int = 0,
    expires_at: float | None = None,
    is_forced: bool = False,
    error: WxcodeError | None = None,
    detail: str = "",
) -> None:
    """Write one line of history; `expires_at` in Unix seconds.

    A token that was fetched is worth more than its history: database trouble is logged, not raised.
    """
    facts = error.as_problem() if error else {}
    try:
        TokenEvent.objects.create(
            miniprogram=miniprogram,
            outcome=outcome,
            trigger=trigger,
            requested_by=requested_by[:150],
            token_mode=miniprogram.token_mode,
            is_forced=is_forced,
            took_ms=took_ms,
            expires_at=datetime.fromtimestamp(expires_at, UTC) if expires_at else None,
            code=facts.get("code", ""),
            errcode=facts.get("errcode"),
            rid=facts.get("rid", ""),
            detail=(detail or facts.get("detail", ""))[:DETAIL_LIMIT],
        )
    except DatabaseError:
        logger.exception("token event of %s (%s) could not be written", miniprogram.appid, outcome)
    tally("token_events", miniprogram.appid, str(outcome))
    log = logger.warning if error else logger.info
    log(
        "token of %s: %s (%s) %s",
        miniprogram.appid,
        outcome,
        trigger,
        facts.get("detail", ""),
        extra={"appid": miniprogram.appid, "duration_ms": took_ms} | _errcode_and_rid(facts),
    )


def _errcode_and_rid(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("errcode", "rid") if facts.get(name)}


def prune_events(*, older_than: timedelta) -> int:
    """Delete token events older than that; answer how many."""
    deleted: int = TokenEvent.objects.older_than(timezone.now() - older_than).delete()[0]
    return deleted
