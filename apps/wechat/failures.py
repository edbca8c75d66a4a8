"""What went wrong below HTTP, as one of our errors: no text of the libraries, because theirs may quote the URL."""

import ssl
from collections.abc import Iterator
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from socks import ProxyError as SocksError
from socks import SOCKS5AuthError
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)
from urllib3.exceptions import IncompleteRead as IncompleteBody

from apps.wechat.errors import MalformedResponse, WeChatBusy, WeChatError, WeChatTimeout, WeChatUnreachable
from apps.wechat.transport import ConnectionWentStale

_Rule = tuple[tuple[type[BaseException], ...], type[WeChatError], Any, Any]
_WAIT = _("Try again in a moment. If this persists, check this server’s internet connection.")
_BETWEEN = _("Check WECHAT_API_BASE, and any proxy or firewall between this server and WeChat.")
_BROKE = _("The connection to {host} was lost before the response was complete.")


class ConnectionStale(WeChatUnreachable):
    """A kept-alive connection died before any byte of the answer: hardly processed, so it may be sent once more."""


class AnswerCut(MalformedResponse):
    """The connection ended in the middle of the answer: trouble on the way, not a strange answer."""


class NotReached(WeChatUnreachable):
    """No connection was made: WeChat heard nothing of the call and counted nothing."""


class ConnectTimeout(WeChatTimeout, NotReached):
    """No connection within the time set for connecting."""


class ProxyFailed(NotReached):
    """The mini-program's proxy could not be reached, refused us, or did not reach WeChat."""


class ProxyRefused(ProxyFailed):
    """The proxy wants another login."""


PROXY_LOGIN_STATUS = 407
# The first rule that fits wins. urllib3 counts a NewConnectionError among the ConnectTimeoutErrors, and a
# RemoteDisconnected is an HTTPException.
_RULES: tuple[_Rule, ...] = (
    (
        (ProxyRefused, SOCKS5AuthError),
        ProxyRefused,
        _("The mini-program’s proxy rejected the user name and password."),
        _("Operators: enter the proxy login again on the mini-program’s page in the admin."),
    ),
    (
        (ProxyError, SocksError),
        ProxyFailed,
        _("The mini-program’s proxy is not responding, or can’t reach {host}."),
        _("Operators: test the proxy from this server, and whether it may connect to WeChat."),
    ),
    (
        (NameResolutionError,),
        NotReached,
        _("The name {host} could not be resolved."),
        _("Check the DNS of this server, and the spelling of the API base address."),
    ),
    ((ConnectionRefusedError,), NotReached, _("{host} refused the connection."), _WAIT),
    (
        (NewConnectionError,),
        NotReached,
        _("No route to {host}."),
        _("Check this server’s network: WeChat is reached over HTTPS, port 443."),
    ),
    (
        (ConnectTimeoutError,),
        ConnectTimeout,
        _("Connecting to {host} timed out."),
        _("Check the firewall and the route to WeChat, or raise WECHAT_CONNECT_TIMEOUT."),
    ),
    (
        (ReadTimeoutError, TimeoutError),
        WeChatTimeout,
        _("{host} did not complete its response in time."),
        _("Try again. If this persists, raise WECHAT_CODE_TIMEOUT or WECHAT_TOKEN_TIMEOUT."),
    ),
    (
        (ConnectionWentStale,),
        ConnectionStale,
        _("{host} closed a kept-alive connection at the moment it was used."),
        _WAIT,
    ),
    (
        (ssl.SSLError,),
        WeChatUnreachable,
        _("No trusted TLS connection to {host} could be established."),
        _("Check this server’s clock and CA certificates, and whether a proxy intercepts TLS."),
    ),
    (
        (IncompleteRead, IncompleteBody),
        AnswerCut,
        _("{host} closed the connection before sending the complete response."),
        _WAIT,
    ),
    ((RemoteDisconnected,), WeChatUnreachable, _BROKE, _WAIT),
    ((HTTPException,), MalformedResponse, _("{host} returned something that is not HTTP."), _BETWEEN),
)


def failure_for(error: BaseException, *, host: str, timed_out: bool, outer: BaseException | None = None) -> WeChatError:
    """Our error for what `requests`, `urllib3` or the socket raised; it keeps no reference to the original.

    `timed_out` says that the call's total had passed, `outer` is what the caller was handling already.
    """
    causes = [*_causes(error, outer), *([TimeoutError()] if timed_out else [])]
    # a proxy that answers CONNECT with a refusal is an OSError whose text has the status
    if any(isinstance(cause, ProxyError) and f" {PROXY_LOGIN_STATUS} " in str(cause) for cause in causes):
        return proxy_refused()
    for kinds, failure, detail, advice in _RULES:
        if any(isinstance(cause, kinds) for cause in causes):
            return failure(format_lazy(detail, host=host), advice=advice)
    return WeChatUnreachable(format_lazy(_BROKE, host=host), advice=_WAIT)


def proxy_refused() -> WeChatError:
    """Our error for a proxy that answers 407."""
    return failure_for(ProxyRefused(), host="", timed_out=False)


def all_busy(limit: int, *, host: str) -> WeChatBusy:
    """Our error when no connection became free."""
    return WeChatBusy(
        format_lazy(_("All {limit} connections to {host} are in use."), limit=limit, host=host),
        advice=_(
            "Try again in a moment. Operators: check how long WeChat takes to respond, or raise WECHAT_CONNECTIONS."
        ),
        retry_after=1,
    )


def oversized(limit: int) -> MalformedResponse:
    """Our error for an answer of more than `limit` bytes."""
    return MalformedResponse(
        format_lazy(_("The response is longer than {limit} bytes and was not read to the end."), limit=limit),
        advice=_BETWEEN,
    )


def _causes(error: BaseException, outer: BaseException | None) -> Iterator[BaseException]:
    """The error and everything that led to it, but not what was there before the call."""
    cause: BaseException | None = error
    while cause is not None and cause is not outer:
        yield cause
        cause = cause.__cause__ or cause.__context__
