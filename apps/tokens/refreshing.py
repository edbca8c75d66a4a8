"""The leader's work: fetch a token, store it if nothing newer is there, leave an event, plan the next time."""

import time
from contextlib import suppress

from django.utils.translation import gettext_lazy as _

from apps.coordination.connection import CoordinationUnavailable
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.tokens import handed_out, policy, quota, store, trouble
from apps.tokens.events import record_event
from apps.tokens.local_memory import UsableToken, remember
from apps.tokens.models import Outcome, Trigger
from apps.tokens.outgoing import insisting
from apps.tokens.sources import SOURCES, Fetched, source_name
from apps.tokens.theft import note_early_death
from apps.wechat.calls import on_behalf_of
from apps.wechat.errors import TokenRejected, WeChatLeftAlone

# These come at a pace of their own, or from a person: they try an endpoint that is left alone, and so open it again.
OWN_PACE = frozenset({Trigger.SCHEDULE, Trigger.OPERATOR, Trigger.COMMAND})


class MiniProgramInactive(WxcodeError):
    """No token is fetched for a mini-program that is switched off or paused."""

    code = "miniprogram_inactive"
    title = _("The mini-program is inactive")
    http_status = 409


def fetch_and_store(
    miniprogram: MiniProgram, *, trigger: Trigger, requested_by: str, rejected: str | None = None
) -> UsableToken:
    """Get a token from WeChat and make it the current one. Call it only as the single leader.

    Raises MiniProgramInactive, QuotaGuarded, TokenRejected (rejected too often), SecretUnavailable, WeChatError.
    """
    refuse_if_inactive(miniprogram)
    seen = store.find_record(miniprogram.appid)
    _refuse_if_unwise(miniprogram, trigger=trigger, seen=seen, rejected=rejected)
    started, began_at = time.monotonic(), time.time()
    try:
        with on_behalf_of(miniprogram.appid), insisting(trigger in OWN_PACE):
            fetched = SOURCES[miniprogram.token_mode](miniprogram, rejected)
    except WxcodeError as error:
        _note_failure(miniprogram, error, trigger=trigger, requested_by=requested_by, started=started)
        raise
    took_ms = int((time.monotonic() - started) * 1000)
    token = _store(miniprogram, fetched, seen=seen, rejected=rejected, began_at=began_at)
    outcome = _outcome(fetched, token, seen)
    record_event(
        miniprogram,
        outcome=outcome,
        trigger=trigger,
        requested_by=requested_by,
        took_ms=took_ms,
        expires_at=token.expires_at,
        is_forced=fetched.is_forced,
    )
    note_early_death(miniprogram, seen=seen, rejected=rejected, fetched=fetched, requested_by=requested_by)
    return token


def refuse_if_inactive(miniprogram: MiniProgram) -> None:
    """Raise MiniProgramInactive unless tokens may be fetched for it."""
    if not miniprogram.is_active:
        raise MiniProgramInactive(
            _("%(name)s is not active.") % {"name": miniprogram},
            advice=_("An operator can activate it in the admin (field “Active”)."),
        )
    if miniprogram.is_refresh_paused:
        raise MiniProgramInactive(
            _("The token refresh of %(name)s is paused.") % {"name": miniprogram},
            advice=_("An operator can resume it in the admin."),
        )


def _refuse_if_unwise(
    miniprogram: MiniProgram, *, trigger: Trigger, seen: store.TokenRecord | None, rejected: str | None
) -> None:
    now = time.time()
    version = seen.version if seen else 0
    if rejected is not None and not trouble.may_refresh_rejected(miniprogram.appid, version=version):
        raise TokenRejected(
            _("WeChat rejected this token and the one before it, so wxcode is not fetching another one for now."),
            advice=_(
                "Another system is refreshing this appid, or this API is not open to the mini-program. "
                "See the token events in the admin."
            ),
            retry_after=int(policy.REJECTION_PAUSE[0]),
        )
    # somebody is served by the present token, so this fetch can wait for the next day
    if trigger is Trigger.SCHEDULE and seen is not None and seen.is_usable(now):
        quota.refuse_if_nearly_gone(miniprogram.appid, token_mode=miniprogram.token_mode, now=now)


def _store(
    miniprogram: MiniProgram,
    fetched: Fetched,
    *,
    seen: store.TokenRecord | None,
    rejected: str | None,
    began_at: float,
) -> UsableToken:
    appid, now = miniprogram.appid, time.time()
    token = UsableToken(fetched.token.value, fetched.expires_at, source_name(miniprogram), fetched.sent_at)
    # first of all: should Redis be gone by now, this process can still serve it
    remember(appid, token)
    written = store.write_record(
        appid,
        value=token.value,
        expires_at=token.expires_at,
        source=token.source,
        # the life of the new token, and the last minutes of the old one, may have begun when WeChat was asked
        now=fetched.sent_at,
        seen_version=seen.version if seen else 0,
        is_old_rejected=bool(seen and rejected == seen.value),
    )
    if not written:
        newer = store.find_record(appid)
        if newer is not None and newer.is_usable(now):
            token = UsableToken.of(newer)
            remember(appid, token)
    handed_out.note_owner(appid, token)
    if rejected is None:
        trouble.clear_trouble(appid)
    else:
        trouble.clear_failure(appid)
    store.plan_next(
        appid,
        policy.next_refresh_at(
            token_mode=miniprogram.token_mode, fetched_at=token.fetched_at, expires_at=token.expires_at
        ),
        asked_since=began_at,
        now=now,
    )
    return token


def _outcome(fetched: Fetched, token: UsableToken, seen: store.TokenRecord | None) -> Outcome:
    if token.value != fetched.token.value:
        return Outcome.OUTRUN
    return Outcome.UNCHANGED if seen and seen.value == token.value else Outcome.REFRESHED


def _note_failure(
    miniprogram: MiniProgram, error: WxcodeError, *, trigger: Trigger, requested_by: str, started: float
) -> None:
    # nobody was asked, so there is nothing to pause for
    if isinstance(error, (CoordinationUnavailable, WeChatLeftAlone)):
        return
    now = time.time()
    with suppress(CoordinationUnavailable):
        pause_until = trouble.record_failure(miniprogram.appid, error, now=now).until
        store.set_due(miniprogram.appid, pause_until)
    record_event(
        miniprogram,
        outcome=Outcome.FAILED,
        trigger=trigger,
        requested_by=requested_by,
        took_ms=int((time.monotonic() - started) * 1000),
        error=error,
    )
