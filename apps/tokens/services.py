"""Using tokens: the current one, a replacement for a rejected one, and calls to WeChat on behalf of a mini-program."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings

from apps.coordination.connection import CoordinationUnavailable
from apps.coordination.single_flight import single_flight
from apps.miniprograms.models import MiniProgram
from apps.tokens import store, trouble
from apps.tokens.database import release_database
from apps.tokens.local_memory import UsableToken, remember, token_without_redis
from apps.tokens.models import Trigger
from apps.tokens.refreshing import fetch_and_store
from apps.wechat.calls import on_behalf_of
from apps.wechat.errors import TokenRejected

T = TypeVar("T")
# How long a request waits for a fetch of somebody else: a killed leader is replaced after 4 s, then half a second.
WAIT_SECONDS = 6.0
# The lead may be kept for the longest fetch (normal and forced call, connect time, a slow machine).
LEASE_MARGIN_SECONDS = 6.0


def get_access_token(miniprogram: MiniProgram, *, requested_by: str) -> UsableToken:
    """The current token; fetched from WeChat only if none can be served, by one process for all.

    Raises MiniProgramInactive, SecretUnavailable, WeChatError (also the remembered one, during a pause),
    WaitedTooLong, CoordinationUnavailable.
    """
    return _usable_token(miniprogram, trigger=Trigger.MISSING, requested_by=requested_by, rejected=None)


def replace_rejected_token(miniprogram: MiniProgram, *, rejected: str, requested_by: str) -> UsableToken:
    """A token that is not `rejected`: the stored one if it differs already, else a fresh one (compare-and-swap).

    Raises what get_access_token raises, and TokenRejected when refreshing again so soon would burn the quota.
    """
    return _usable_token(miniprogram, trigger=Trigger.REJECTED, requested_by=requested_by, rejected=rejected)


def refresh_token(
    miniprogram: MiniProgram, *, trigger: Trigger, requested_by: str, claimed_until: float | None = None
) -> UsableToken:
    """Fetch from WeChat now, unless somebody else is just doing it: then take theirs.

    `claimed_until` comes from claiming it as due: nothing is fetched if somebody has dealt with it since.
    Raises what get_access_token raises.
    """
    known = store.find_record(miniprogram.appid)
    seen_fetched_at = known.fetched_at if known else 0.0

    def fetched_since() -> UsableToken | None:
        record = store.find_record(miniprogram.appid)
        if record is None or record.fetched_at <= seen_fetched_at:
            return None
        return UsableToken.of(record)

    def lead() -> UsableToken:
        if claimed_until is not None and not store.is_claimed(miniprogram.appid, until=claimed_until):
            token = find_usable_token(miniprogram.appid)
            if token is not None:
                return token
        return fetch_and_store(miniprogram, trigger=trigger, requested_by=requested_by)

    return single_flight(
        flight_name(miniprogram.appid),
        lead=lead,
        ready=fetched_since,
        lease_seconds=lease_seconds(),
        wait_seconds=lease_seconds(),
    )


def call_with_token(
    miniprogram: MiniProgram, call: Callable[[str], T], *, acquire: Callable[[], object], requested_by: str
) -> T:
    """`call(access_token)`, each try after a permit from `acquire`; once more if WeChat rejects the token.

    The repeat uses the token that replaced the rejected one. A second rejection goes up as TokenRejected.
    """
    with on_behalf_of(miniprogram.appid):
        token = get_access_token(miniprogram, requested_by=requested_by)
        try:
            return _call(call, token, acquire)
        except TokenRejected:
            token = replace_rejected_token(miniprogram, rejected=token.value, requested_by=requested_by)
        return _call(call, token, acquire)


def _call(call: Callable[[str], T], token: UsableToken, acquire: Callable[[], object]) -> T:
    acquire()
    # whoever fetched the token has written about it
    release_database()
    return call(token.value)


def find_usable_token(appid: str, *, rejected: str | None = None) -> UsableToken | None:
    """The stored token, or the previous one inside its window, unless it is `rejected`. One Redis read."""
    now = time.time()
    record = store.find_record(appid)
    if record is None:
        return None
    if record.is_usable(now) and record.value != rejected:
        token = UsableToken.of(record)
        remember(appid, token)
        return token
    if rejected is None and record.is_previous(record.previous_value, now):
        return UsableToken.before(record)
    return None


def flight_name(appid: str) -> str:
    """The name under which processes agree who fetches the token of `appid`."""
    return f"token:{appid}"


def lease_seconds() -> float:
    """Longer than the longest fetch: two calls, each with its connect time."""
    return 2 * float(settings.WECHAT_TOKEN_TIMEOUT + settings.WECHAT_CONNECT_TIMEOUT) + LEASE_MARGIN_SECONDS


def _usable_token(
    miniprogram: MiniProgram, *, trigger: Trigger, requested_by: str, rejected: str | None
) -> UsableToken:
    try:
        return single_flight(
            flight_name(miniprogram.appid),
            lead=lambda: fetch_and_store(
                miniprogram, trigger=trigger, requested_by=requested_by, rejected=_if_current(miniprogram, rejected)
            ),
            ready=lambda: _find_or_refuse(miniprogram.appid, rejected=rejected),
            lease_seconds=lease_seconds(),
            wait_seconds=WAIT_SECONDS,
        )
    except CoordinationUnavailable as unavailable:
        return token_without_redis(miniprogram, rejected=rejected, unavailable=unavailable)


def _find_or_refuse(appid: str, *, rejected: str | None) -> UsableToken | None:
    token = find_usable_token(appid, rejected=rejected)
    if token is not None:
        return token
    known = trouble.find_trouble(appid)
    now = time.time()
    if known is not None and now < known.until:
        raise known.as_error(now)
    release_database()
    return None


def _if_current(miniprogram: MiniProgram, rejected: str | None) -> str | None:
    """`rejected`, if it still is what the store holds: only then does the rejection say anything about now."""
    record = store.find_record(miniprogram.appid)
    return rejected if record is not None and record.value == rejected else None
