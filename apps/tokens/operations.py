"""What operators do with a mini-program's token by hand: refresh, verify, pause, resume, clear the quota."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.coordination.connection import CoordinationUnavailable
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.secrets import resolve_secret
from apps.retold import tell_cure
from apps.tokens import quota, store, trouble
from apps.tokens.events import record_event
from apps.tokens.local_memory import UsableToken
from apps.tokens.models import Outcome, Trigger
from apps.tokens.outgoing import client_for
from apps.tokens.services import call_with_token, refresh_token
from apps.tokens.trying import Trial, take_candidate

STEPS = (
    _("The AppSecret can be read."),
    _("WeChat issued a token: appid and AppSecret match, and this server’s IP address is allowed."),
    _("A test call with the token succeeded (get_api_domain_ip)."),
)
NOT_VERIFIED = (
    _("whether the pages of your codes are published (WeChat returns 41030 when a code is created)"),
    _("whether the account may call the code endpoint (48001)"),
    _("how much of the day’s code quota is left (45009)"),
)


@dataclass(frozen=True)
class Finding:
    """One step of a verification; `is_good` None: it was not reached."""

    step: Any
    is_good: bool | None
    problem: str = ""
    cure: str = ""


def refresh_now(miniprogram: MiniProgram, *, requested_by: str) -> UsableToken:
    """Fetch at once, whatever pause there was. Raises what get_access_token raises."""
    # an operator who tries again and again must not lengthen the pause for everybody
    trouble.clear_trouble(miniprogram.appid)
    return refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by=requested_by)


def verify_credentials(miniprogram: MiniProgram, *, requested_by: str) -> list[Finding]:
    """Try the AppSecret, the token endpoint and one cheap call; a finding for each, also when one fails.

    In stable mode it costs nothing of the quota, in classic mode one of the day's fetches. While the refresh is
    paused no token is kept.
    """
    if miniprogram.is_refresh_paused and miniprogram.is_active:
        return _verify_aside(miniprogram)

    def probe() -> None:
        client = client_for(miniprogram)
        call_with_token(
            miniprogram,
            lambda access_token: client.api_domain_ips(access_token=access_token),
            acquire=lambda: None,
            requested_by=requested_by,
        )

    actions = (
        lambda: resolve_secret(miniprogram),
        lambda: refresh_now(miniprogram, requested_by=requested_by),
        probe,
    )
    return _take_steps(actions)


def _verify_aside(miniprogram: MiniProgram) -> list[Finding]:
    """The same three steps without a token that anybody is served."""
    trials: list[Trial] = []
    return _take_steps(
        (
            lambda: resolve_secret(miniprogram),
            lambda: _begin_trial(miniprogram, trials),
            lambda: trials[0].make_call(),
        )
    )


def _begin_trial(miniprogram: MiniProgram, trials: list[Trial]) -> None:
    trials.append(Trial(take_candidate(miniprogram)))
    trials[0].fetch_token()


def _take_steps(actions: Sequence[Callable[[], object]]) -> list[Finding]:
    findings: list[Finding] = []
    for step, action in zip(STEPS, actions, strict=True):
        is_reached = all(finding.is_good for finding in findings)
        findings.append(_try(step, action) if is_reached else Finding(step, None))
    return findings


def pause_refresh(miniprogram: MiniProgram, *, requested_by: str) -> None:
    """Fetch no new token until it is resumed; the present one is served until it ends."""
    _set_paused(miniprogram, is_paused=True)
    record_event(miniprogram, outcome=Outcome.PAUSED, trigger=Trigger.OPERATOR, requested_by=requested_by)


def resume_refresh(miniprogram: MiniProgram, *, requested_by: str) -> None:
    """Go on at once, also when trouble made the pause."""
    _set_paused(miniprogram, is_paused=False)
    record_event(miniprogram, outcome=Outcome.RESUMED, trigger=Trigger.OPERATOR, requested_by=requested_by)


@sensitive_variables("secret")
def clear_quota(miniprogram: MiniProgram, *, requested_by: str) -> None:
    """Have WeChat set every daily quota of the mini-program to nothing used; ten times a month, by AppSecret.

    Ends the pause that an exhausted quota made. Raises WeChatError, SecretUnavailable.
    """
    secret = resolve_secret(miniprogram)
    started = time.monotonic()
    client_for(miniprogram).clear_quota(appid=miniprogram.appid, secret=secret)
    took_ms = int((time.monotonic() - started) * 1000)
    with suppress(CoordinationUnavailable):
        quota.count_clear(miniprogram.appid, now=time.time())
        trouble.clear_trouble(miniprogram.appid)
        if miniprogram.is_active and not miniprogram.is_refresh_paused:
            store.set_due(miniprogram.appid, time.time())
    record_event(
        miniprogram,
        outcome=Outcome.QUOTA_CLEARED,
        trigger=Trigger.OPERATOR,
        requested_by=requested_by,
        took_ms=took_ms,
    )


def find_cure(error: WxcodeError) -> str:
    """What to do about `error`, in the active language: WeChat's errcodes have a cure, other errors their advice."""
    return tell_cure(error.errcode, str(error.advice))


def _set_paused(miniprogram: MiniProgram, *, is_paused: bool) -> None:
    miniprogram.is_refresh_paused = is_paused
    # saving ends every pause that trouble made (signals.py)
    miniprogram.save(update_fields=["is_refresh_paused", "updated_at"])


def _try(step: Any, action: Callable[[], object]) -> Finding:
    try:
        action()
    except WxcodeError as error:
        return Finding(step, is_good=False, problem=str(error), cure=find_cure(error))
    return Finding(step, is_good=True)
