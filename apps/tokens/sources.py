"""Token sources: how each token mode gets a token from WeChat. Adding a mode is adding one function here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.miniprograms.secrets import resolve_secret
from apps.tokens import quota
from apps.tokens.outgoing import client_for
from apps.wechat import paths
from apps.wechat.client import WeChatClient
from apps.wechat.failures import NotReached
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


ENDPOINTS = {TokenMode.CLASSIC: paths.TOKEN, TokenMode.STABLE: paths.STABLE_TOKEN}
Source = Callable[[MiniProgram, str | None], Fetched]


def fetch_classic(miniprogram: MiniProgram, rejected: str | None) -> Fetched:
    """`/cgi-bin/token`: every call mints a new token. Raises WeChatError, SecretUnavailable."""
    secret = resolve_secret(miniprogram)
    client = client_for(miniprogram)
    with counted_fetch(client, miniprogram.appid, TokenMode.CLASSIC):
        sent_at = time.time()
        return Fetched(client.token(appid=miniprogram.appid, secret=secret), sent_at)


def fetch_stable(miniprogram: MiniProgram, rejected: str | None) -> Fetched:
    """`/cgi-bin/stable_token`: normal mode; forced only if normal mode answers the `rejected` token.

    Raises WeChatError, SecretUnavailable, TokenStillRejected when no forced refresh is left.
    """
    secret = resolve_secret(miniprogram)
    client = client_for(miniprogram)
    with counted_fetch(client, miniprogram.appid, TokenMode.STABLE):
        sent_at = time.time()
        token = client.stable_token(appid=miniprogram.appid, secret=secret)
    if rejected is None or token.value != rejected:
        return Fetched(token, sent_at)
    if not quota.may_force(miniprogram.appid, now=time.time()):
        raise _still_rejected()
    with counted_fetch(client, miniprogram.appid, TokenMode.STABLE):
        sent_at = time.time()
        token = client.stable_token(appid=miniprogram.appid, secret=secret, force_refresh=True)
    if token.value == rejected:
        # somebody else forced one less than 30 s ago, so WeChat did nothing
        raise _still_rejected()
    return Fetched(token, sent_at, is_forced=True)


@contextmanager
def counted_fetch(client: WeChatClient, appid: str, token_mode: TokenMode) -> Iterator[None]:
    """Around one token call: an endpoint that is left alone, or was not reached, costs nothing of the quota."""
    now = time.time()
    with client.ahead_of(ENDPOINTS[token_mode]):
        quota.count_fetch(appid, token_mode=token_mode, now=now)
    try:
        yield
    except NotReached:
        quota.count_fetch(appid, token_mode=token_mode, now=now, count=-1)
        raise


def _still_rejected() -> TokenStillRejected:
    return TokenStillRejected(
        _("WeChat rejects the tokens that it issues. A forced refresh is possible 20 times a day, 30 s apart."),
        advice=_("Wait 30 seconds. If it persists, look for another system that forces refreshes."),
        retry_after=30,
    )


SOURCES: dict[str, Source] = {TokenMode.STABLE.value: fetch_stable, TokenMode.CLASSIC.value: fetch_classic}
