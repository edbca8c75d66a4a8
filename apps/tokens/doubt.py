"""Callers that keep tokens themselves: one that asks again too early is saying that WeChat rejects its token."""

import time
from contextlib import suppress
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.coordination.single_flight import single_flight
from apps.miniprograms.models import MiniProgram
from apps.tokens import handed_out
from apps.tokens.local_memory import UsableToken
from apps.tokens.outgoing import client_for
from apps.tokens.services import WAIT_SECONDS, get_access_token, lease_seconds, replace_rejected_token
from apps.wechat.errors import TokenRejected, WeChatError

# WeChat is asked about a token at most once in this time, whoever doubts it.
PROBE_GAP_SECONDS = 10
# SDKs ask for the next token some seconds or minutes before the end (10 to 300 s were seen, 1,500 s in one).
USUAL_MARGIN_SECONDS = 300.0


class Verdict(StrEnum):
    """What came of asking WeChat about a token."""

    RUNNING = "running"
    GOOD = "good"
    REPLACED = "replaced"
    STUCK = "stuck"
    UNKNOWN = "unknown"


def token_for_keeping(
    miniprogram: MiniProgram, *, client_id: int, requested_by: str, is_forced: bool = False
) -> UsableToken:
    """The shared token for a caller that will keep it until it ends.

    `is_forced`, or asking again long before the end that the caller was told, makes one cheap call to WeChat with
    the current token (at most one in ten seconds for all callers); a fresh one is fetched only if WeChat rejects
    it. Raises what get_access_token raises, and TokenRejected when a rejected token could not be replaced.
    """
    appid = miniprogram.appid
    token = get_access_token(miniprogram, requested_by=requested_by)
    with suppress(CoordinationUnavailable):
        told = handed_out.find_told(appid, client_id=client_id)
        if _is_doubted(token, told, is_forced=is_forced):
            token = _proven(miniprogram, token, requested_by=requested_by)
        handed_out.note_owner_once(appid, token)
        if told is None or not told.is_about(token):
            handed_out.note_told(appid, client_id=client_id, token=token)
    return token


@sensitive_variables("token")
def _is_doubted(token: UsableToken, told: handed_out.Told | None, *, is_forced: bool) -> bool:
    if told is None:
        return is_forced
    if not told.is_about(token):
        # the token that it gave up is not the current one: this is news to it
        return False
    return is_forced or told.until - time.time() > USUAL_MARGIN_SECONDS


@sensitive_variables("token")
def _proven(miniprogram: MiniProgram, token: UsableToken, *, requested_by: str) -> UsableToken:
    """`token`, or what replaced it after WeChat rejected it."""
    verdict = single_flight(
        f"probe:{miniprogram.appid}",
        lead=lambda: _probe(miniprogram, token, requested_by=requested_by),
        ready=lambda: _find_verdict(miniprogram.appid),
        lease_seconds=2 * lease_seconds(),
        wait_seconds=WAIT_SECONDS,
    )
    current = get_access_token(miniprogram, requested_by=requested_by)
    if verdict is Verdict.STUCK and current.value == token.value:
        raise TokenRejected(
            _("WeChat rejects the current token, and a new one could not be fetched."),
            advice=_("Try again in ten seconds. Operators: see the token events in the admin."),
            retry_after=PROBE_GAP_SECONDS,
        )
    return current


@sensitive_variables("token")
def _probe(miniprogram: MiniProgram, token: UsableToken, *, requested_by: str) -> Verdict:
    """Ask WeChat whether it takes `token`, unless it was asked within the last ten seconds; replace it if not."""
    probe = _probe_key(miniprogram.appid)
    with redis_errors() as redis:
        if not redis.set(probe, Verdict.RUNNING, nx=True, ex=PROBE_GAP_SECONDS):
            return Verdict.UNKNOWN
    verdict = Verdict.STUCK
    try:
        verdict = _ask_wechat(miniprogram, token, requested_by=requested_by)
    finally:
        with suppress(CoordinationUnavailable), redis_errors() as redis:
            redis.set(probe, verdict, xx=True, keepttl=True)
    return verdict


@sensitive_variables("token")
def _ask_wechat(miniprogram: MiniProgram, token: UsableToken, *, requested_by: str) -> Verdict:
    try:
        client_for(miniprogram).api_domain_ips(access_token=token.value)
    except TokenRejected:
        replace_rejected_token(miniprogram, rejected=token.value, requested_by=requested_by)
        return Verdict.REPLACED
    except WeChatError:
        # busy, out of reach, not open to this account: that says nothing about the token
        return Verdict.UNKNOWN
    return Verdict.GOOD


def _find_verdict(appid: str) -> Verdict | None:
    with redis_errors() as redis:
        found = redis.get(_probe_key(appid))
    return None if found is None or found == Verdict.RUNNING.encode() else Verdict(found.decode())


def _probe_key(appid: str) -> str:
    return key("probe", appid)
