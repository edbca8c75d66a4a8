"""Token sources: how each token mode gets a token from WeChat. Adding a mode is adding one function here."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.miniprograms.secrets import resolve_secret
from apps.tokens import quota
from apps.tokens.outgoing import client_for
from apps.wechat import paths
from apps.wechat.types import AccessToken


class TokenStillRejected(WxcodeError):
    """WeChat rejects the token that it hands out, and forcing a new one is not allowed now."""

    code = "token_still_rejected"
    title = _("WeChat keeps rejecting the token")
    http_status = 502
    is_retryable = True


@dataclass(frozen=True)
class Fetched:
    """A token fresh from WeChat; `sent_at`: when it was asked for, which is when its life may have begun."""

    token: AccessToken = field(repr=False)
    sent_at: float
    is_forced: bool = False

    @property
    def expires_at(self) -> float:
        return self.sent_at + self.token.expires_in


def source_name(miniprogram: MiniProgram) -> str:
    """Where its tokens come from now; tokens of different names say nothing about each other."""
    return f"{miniprogram.token_mode} (sandbox)" if miniprogram.is_sandbox else str(miniprogram.token_mode)


def mode_of(source: str) -> str:
    """The token mode in the name of a source."""
    return source.partition(" ")[0]


Source = Callable[[MiniProgram, str | None], Fetched]


def fetch_classic(miniprogram: MiniProgram, rejected: str | None) -> Fetched:
    """`/cgi-bin/token`: every call mints a new token. Raises WeChatError, SecretUnavailable."""
    secret = resolve_secret(miniprogram)
    client = client_for(miniprogram)
    # an endpoint that is left alone costs nothing of the quota
    with client.ahead_of(paths.TOKEN):
        quota.count_fetch(miniprogram.appid, token_mode=TokenMode.CLASSIC, now=time.time())
    sent_at = time.time()
    return Fetched(client.token(appid=miniprogram.appid, secret=secret), sent_at)


def fetch_stable(miniprogram: MiniProgram, rejected: str | None) -> Fetched:
    """`/cgi-bin/stable_token`: normal mode; forced only if normal mode answers the `rejected` token.

    Raises WeChatError, SecretUnavailable, TokenStillRejected when no forced refresh is left.
    """
    secret = resolve_secret(miniprogram)
    client = client_for(miniprogram)
    with client.ahead_of(paths.STABLE_TOKEN):
        quota.count_fetch(miniprogram.appid, token_mode=TokenMode.STABLE, now=time.time())
    sent_at = time.time()
    token = client.stable_token(appid=miniprogram.appid, secret=secret)
    if rejected is None or token.value != rejected:
        return Fetched(token, sent_at)
    if not quota.may_force(miniprogram.appid, now=time.time()):
        raise _still_rejected()
    with client.ahead_of(paths.STABLE_TOKEN):
        quota.count_fetch(miniprogram.appid, token_mode=TokenMode.STABLE, now=time.time())
    sent_at = time.time()
    token = client.stable_token(appid=miniprogram.appid, secret=secret, force_refresh=True)
    if token.value == rejected:
        # somebody else forced one less than 30 s ago, so WeChat did nothing
        raise _still_rejected()
    return Fetched(token, sent_at, is_forced=True)


def _still_rejected() -> TokenStillRejected:
    return TokenStillRejected(
        _("WeChat hands out a token that it then rejects; forcing a new one works 20 times a day, 30 s apart."),
        advice=_("Wait half a minute. If it stays so, look for another system that forces refreshes."),
        retry_after=30,
    )


SOURCES: dict[str, Source] = {TokenMode.STABLE.value: fetch_stable, TokenMode.CLASSIC.value: fetch_classic}
