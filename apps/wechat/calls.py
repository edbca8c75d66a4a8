"""One note per call to WeChat, for those who listen: endpoint, errcode, rid, seconds; never a credential."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from apps.wechat.errors import WeChatError

logger = logging.getLogger(__name__)

# whom the present call is for; set where a mini-program is known
speaking_for: ContextVar[str] = ContextVar("speaking_for", default="")


@dataclass(frozen=True)
class Call:
    """A call that ended; `result` is "0", an errcode, or the code of an error without one, such as a timeout."""

    endpoint: str
    result: str
    rid: str
    seconds: float


class Guard(Protocol):
    """Says whether an endpoint may be called now, and hears what came of it."""

    def ahead(self, endpoint: str) -> AbstractContextManager[object]:
        """Around what a call costs before it is made; raises WeChatLeftAlone."""

    def around(self, endpoint: str) -> AbstractContextManager[object]:
        """Around the call itself; raises WeChatLeftAlone."""


class Unguarded:
    """Every call may be made."""

    def ahead(self, endpoint: str) -> AbstractContextManager[object]:
        return nullcontext()

    def around(self, endpoint: str) -> AbstractContextManager[object]:
        return nullcontext()


listeners: list[Callable[[Call], None]] = []


@contextmanager
def noted(endpoint: str) -> Iterator[None]:
    """Tell every listener how the call inside ended."""
    started = monotonic()
    try:
        yield
    except WeChatError as error:
        _tell(Call(endpoint, str(error.errcode or error.code), error.rid or "", monotonic() - started))
        raise
    _tell(Call(endpoint, "0", "", monotonic() - started))


@contextmanager
def on_behalf_of(appid: str) -> Iterator[None]:
    """Calls inside are for the mini-program `appid`."""
    before = speaking_for.set(appid)
    try:
        yield
    finally:
        speaking_for.reset(before)


def _named(result: str) -> dict[str, int | str]:
    """An errcode as the number that it is everywhere in the log; what has none by its word."""
    try:
        return {"errcode": int(result)}
    except ValueError:
        return {"error": result}


def _tell(call: Call) -> None:
    level = logging.DEBUG if call.result == "0" else logging.WARNING
    facts = {
        "appid": speaking_for.get(),
        "endpoint": call.endpoint,
        **_named(call.result),
        "rid": call.rid,
        "duration_ms": round(call.seconds * 1000),
    }
    logger.log(level, "WeChat %s: %s in %.0f ms", call.endpoint, call.result, call.seconds * 1000, extra=facts)
    for listener in listeners:
        listener(call)
