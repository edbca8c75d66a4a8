"""Credentials that are not stored, or paused, tried at WeChat: no token is kept, and none that is in use changes."""

from dataclasses import dataclass, field

from django.views.decorators.debug import sensitive_variables

from apps.miniprograms.models import MiniProgram, TokenMode
from apps.miniprograms.proxies import find_proxy
from apps.miniprograms.secrets import resolve_secret
from apps.tokens.outgoing import guarded_client, insisting
from apps.tokens.sources import counted_fetch
from apps.wechat.calls import on_behalf_of
from apps.wechat.proxies import Proxy


@dataclass(frozen=True)
class Candidate:
    """What a mini-program would be asked for with, in plain text: only for the next calls."""

    appid: str
    is_sandbox: bool
    secret: str = field(repr=False)
    proxy: Proxy | None = field(repr=False)


def take_candidate(miniprogram: MiniProgram) -> Candidate:
    """The credentials of `miniprogram`, which need not be stored afterwards. Raises SecretUnavailable."""
    proxy = None if miniprogram.is_sandbox else find_proxy(miniprogram)
    return Candidate(miniprogram.appid, miniprogram.is_sandbox, resolve_secret(miniprogram), proxy)


class Trial:
    """Two calls, in this order. Each raises WxcodeError with the cause.

    In normal mode, stable_token changes nobody's token, and WeChat keeps it apart from the tokens of classic mode.
    """

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self._client = guarded_client(candidate.appid, is_sandbox=candidate.is_sandbox, proxy=candidate.proxy)
        self._access_token = ""

    def fetch_token(self) -> None:
        appid, secret = self._candidate.appid, self._candidate.secret
        with on_behalf_of(appid), insisting(True), counted_fetch(self._client, appid, TokenMode.STABLE):
            self._access_token = self._client.stable_token(appid=appid, secret=secret).value

    def make_call(self) -> None:
        with on_behalf_of(self._candidate.appid), insisting(True):
            self._client.api_domain_ips(access_token=self._access_token)


@sensitive_variables("candidate")
def try_candidate(candidate: Candidate) -> None:
    """Raises WxcodeError with what is wrong with the credentials, or with the way to WeChat."""
    trial = Trial(candidate)
    trial.fetch_token()
    trial.make_call()
