"""The client that speaks for one mini-program: by its proxy, and not to an endpoint that has just failed in a row."""

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.coordination import circuit
from apps.coordination.circuit import Admission, Standing
from apps.coordination.counting import tally
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.proxies import find_proxy
from apps.wechat import paths
from apps.wechat.client import WeChatClient
from apps.wechat.connection import wechat_client
from apps.wechat.errors import WeChatError, WeChatLeftAlone, WeChatUnreachable
from apps.wechat.failures import AnswerCut
from apps.wechat.proxies import Proxy

logger = logging.getLogger(__name__)

# A trial that was not heard of by then died with its process.
TRIAL_MARGIN_SECONDS = 5.0
# What opens a circuit: no answer of WeChat's own came. An errcode is an answer.
COUNTING = (WeChatUnreachable, AnswerCut)

_insists: ContextVar[bool] = ContextVar("insists", default=False)


@dataclass(frozen=True)
class LeftAlone:
    """An endpoint that is left alone for one mini-program; times in Unix seconds."""

    appid: str
    endpoint: str
    since: float
    until: float
    failures: int


def client_for(miniprogram: MiniProgram) -> WeChatClient:
    """WeChat, or the sandbox, as `miniprogram` reaches it. Raises SandboxNotConfigured, SecretUnavailable."""
    proxy = None if miniprogram.is_sandbox else find_proxy(miniprogram)
    return guarded_client(miniprogram.appid, is_sandbox=miniprogram.is_sandbox, proxy=proxy)


@sensitive_variables("proxy")
def guarded_client(appid: str, *, is_sandbox: bool, proxy: Proxy | None) -> WeChatClient:
    """The same for a mini-program that is not stored as it is meant. Raises SandboxNotConfigured."""
    return wechat_client(is_sandbox=is_sandbox, proxy=proxy).guarded(Gate(appid))


@contextmanager
def insisting(insists: bool) -> Iterator[None]:
    """Calls inside are made though their circuit is open: they come at a pace of their own, or from a person."""
    before = _insists.set(insists)
    try:
        yield
    finally:
        _insists.reset(before)


def find_left_alone(appids: Iterable[str] | None = None) -> list[LeftAlone]:
    """The endpoints that are left alone at present, the longest first. Raises CoordinationUnavailable."""
    wanted = None if appids is None else set(appids)
    split = [(*each.name.partition(" ")[::2], each) for each in circuit.find_open()]
    return [
        LeftAlone(appid, endpoint, each.opened_at, each.until, each.failures)
        for appid, endpoint, each in split
        if wanted is None or appid in wanted
    ]


def forget_failures(appid: str) -> None:
    """Try every endpoint again at once: something was mended. Raises CoordinationUnavailable."""
    circuit.close([_name(appid, endpoint) for endpoint in paths.ALL])


class Gate:
    """The circuits of one mini-program, for the calls of one thread."""

    def __init__(self, appid: str) -> None:
        self._appid = appid
        self._admitted: dict[str, Admission] = {}

    @contextmanager
    def ahead(self, endpoint: str) -> Iterator[None]:
        """The call that follows is already admitted; what is paid for it inside is not paid in vain."""
        admission = self._enter(endpoint)
        try:
            yield
        except BaseException:
            circuit.give_back(admission)
            raise
        self._admitted[endpoint] = admission

    @contextmanager
    def around(self, endpoint: str) -> Iterator[None]:
        admission = self._admitted.pop(endpoint, None) or self._enter(endpoint)
        try:
            yield
        except COUNTING:
            if settings.WECHAT_CIRCUIT_FAILURES:
                self._note_failure(endpoint, admission)
            raise
        except WeChatError:
            # a refusal is an answer
            self._note_success(endpoint, admission)
            raise
        except BaseException:
            circuit.give_back(admission)
            raise
        self._note_success(endpoint, admission)

    def _enter(self, endpoint: str) -> Admission:
        name = _name(self._appid, endpoint)
        if not settings.WECHAT_CIRCUIT_FAILURES:
            return Admission(name, Standing.CLOSED)
        longest = max(settings.WECHAT_CODE_TIMEOUT, settings.WECHAT_TOKEN_TIMEOUT) + settings.WECHAT_CONNECT_TIMEOUT
        admission = circuit.enter(name, trial_seconds=longest + TRIAL_MARGIN_SECONDS, insists=_insists.get())
        if admission.standing is Standing.OPEN:
            tally("calls_spared", self._appid, endpoint)
            raise left_alone(admission.seconds)
        return admission

    def _note_failure(self, endpoint: str, admission: Admission) -> None:
        threshold, pause = settings.WECHAT_CIRCUIT_FAILURES, settings.WECHAT_CIRCUIT_SECONDS
        if circuit.note_failure(admission, threshold=threshold, pause_seconds=pause):
            logger.warning("WeChat %s is left alone for %s: it failed several times in a row", endpoint, self._appid)

    def _note_success(self, endpoint: str, admission: Admission) -> None:
        if circuit.note_success(admission):
            logger.info("WeChat %s answers %s again", endpoint, self._appid)


def left_alone(seconds: float) -> WeChatLeftAlone:
    """The refusal for the next `seconds`."""
    wait = max(math.ceil(seconds), 1)
    return WeChatLeftAlone(
        format_lazy(
            _("WeChat failed several times in a row, so wxcode did not call it. Next try in {wait} s."), wait=wait
        ),
        advice=_("Retry after the time in Retry-After. Operators: check the log and the connection to WeChat."),
        retry_after=wait,
    )


def _name(appid: str, endpoint: str) -> str:
    return f"{appid} {endpoint}"
