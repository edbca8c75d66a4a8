"""The one place that talks to WeChat: a method per endpoint above one private send."""

import copy
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from django.views.decorators.debug import sensitive_variables
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from apps.wechat import inquiries, protocol
from apps.wechat.calls import Guard, Unguarded, noted
from apps.wechat.errors import WeChatError
from apps.wechat.failures import (
    PROXY_LOGIN_STATUS,
    ConnectionStale,
    all_busy,
    failure_for,
    oversized,
    proxy_refused,
)
from apps.wechat.proxies import Proxy
from apps.wechat.transport import DeadlineSession
from apps.wechat.types import AccessToken, ApiQuota, CodeImage, LimitedCode, QrCode, RidReport, UnlimitedCode
from apps.wechat.wire import WireAnswer, WireRequest

# A code of 1,280 px has some 400 kB; more than this is not an answer but an attack or an accident.
ANSWER_MAX_BYTES = 8 * 1024 * 1024
HEADERS = {
    "User-Agent": "wxcode",
    "Accept": "*/*",
    # no compressed answers: a picture gains nothing, and a small body could unpack to a huge one
    "Accept-Encoding": "identity",
}
# Batches of eight mini-programs at full speed have 400 calls under way; a slow WeChat must not open more.
CONNECTIONS = 400
JSON_HEADERS = HEADERS | {"Content-Type": "application/json"}


class WeChatClient:
    """WeChat's server API at one base URL and by one way out, for any number of mini-programs and threads.

    All timeouts are seconds. `connect_timeout` bounds reaching WeChat, `token_timeout` and `code_timeout` the
    whole call: connecting, sending, waiting, and every byte of the answer.

    A process opens at most `connections`; who finds none free within `connect_timeout` hears WeChatBusy. `ca_bundle`
    are the certificates to trust in PEM, empty for the public ones. Proxies in the environment are ignored.

    Every method raises a WeChatError (apps/wechat/errors.py) and nothing else, except InvalidRequest for
    input that cannot be sent. No error, its traceback included, shows a secret or a token.

    A kept-alive connection may be closed by WeChat at the moment we use it. Such a call was hardly ever
    processed, so it is sent once more on a new connection, if no byte of an answer came and if processing it twice
    would be harmless: a code is drawn again, a stable token is the same, an extra classic token costs one of
    the 2,000 a day. `clear_quota`, ten a month, and codes out of the 100,000 are never repeated; nor is anything else.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout: float = 3.0,
        token_timeout: float = 8.0,
        code_timeout: float = 15.0,
        proxy: Proxy | None = None,
        ca_bundle: str = "",
        connections: int = CONNECTIONS,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.connect_timeout = connect_timeout
        self.token_timeout = token_timeout
        self.code_timeout = code_timeout
        self.proxy = proxy
        self.ca_bundle = ca_bundle
        self.connections = connections
        self._guard: Guard = Unguarded()
        self._host = urlsplit(self.base_url).hostname or self.base_url
        self._sessions: dict[int, DeadlineSession] = {}

    def __repr__(self) -> str:
        return f"WeChatClient(host={self._host!r})"

    def guarded(self, guard: Guard) -> "WeChatClient":
        """The same client, on the same connections, whose calls `guard` watches."""
        twin = copy.copy(self)
        twin._guard = guard
        return twin

    def ahead_of(self, endpoint: str) -> AbstractContextManager[object]:
        """Around what a call of `endpoint` (a path) costs before it is made. Raises WeChatLeftAlone."""
        return self._guard.ahead(endpoint)

    @sensitive_variables("secret", "request", "answer")
    def token(self, *, appid: str, secret: str) -> AccessToken:
        """A new token of the classic kind; the one before it lives about 5 more minutes, older ones die."""
        request = protocol.token_request(appid=appid, secret=secret)
        with self._watched(request.path):
            return protocol.read_access_token(request, self._send(request))

    @sensitive_variables("secret", "request", "answer")
    def stable_token(self, *, appid: str, secret: str, force_refresh: bool = False) -> AccessToken:
        """The current stable token with its remaining life, at least 300 s. Forcing: 20 a day, 30 s apart."""
        request = protocol.stable_token_request(appid=appid, secret=secret, force_refresh=force_refresh)
        with self._watched(request.path):
            return protocol.read_access_token(request, self._send(request))

    @sensitive_variables("access_token", "request", "answer")
    def unlimited_code(self, *, access_token: str, code: UnlimitedCode) -> CodeImage:
        """The picture of a code, complete and decodable. WeChat takes seconds; 5,000 a minute per appid."""
        request = protocol.unlimited_code_request(access_token=access_token, code=code)
        with self._watched(request.path):
            return protocol.read_code_image(request, self._send(request))

    @sensitive_variables("access_token", "request", "answer")
    def limited_code(self, *, access_token: str, code: LimitedCode) -> CodeImage:
        """The picture of one of the 100,000 limited codes. A lost answer may have cost one; nothing is repeated."""
        request = protocol.limited_code_request(access_token=access_token, code=code)
        with self._watched(request.path):
            return protocol.read_code_image(request, self._send(request))

    @sensitive_variables("access_token", "request", "answer")
    def qr_code(self, *, access_token: str, code: QrCode) -> CodeImage:
        """The picture of a square code, out of the same 100,000. A lost answer may have cost one."""
        request = protocol.qr_code_request(access_token=access_token, code=code)
        with self._watched(request.path):
            return protocol.read_code_image(request, self._send(request))

    @sensitive_variables("secret", "request", "answer")
    def clear_quota(self, *, appid: str, secret: str) -> None:
        """Set every daily quota of the mini-program to zero used; ten times a month. Needs no token."""
        request = protocol.clear_quota_request(appid=appid, secret=secret)
        with self._watched(request.path):
            protocol.read_confirmation(request, self._send(request))

    @sensitive_variables("access_token", "request", "answer")
    def quota(self, *, access_token: str, cgi_path: str) -> ApiQuota:
        """What is left of an endpoint's quota, for example of `/wxa/getwxacodeunlimit`."""
        request = inquiries.quota_request(access_token=access_token, cgi_path=cgi_path)
        with self._watched(request.path):
            return inquiries.read_quota(request, self._send(request))

    @sensitive_variables("access_token", "request", "answer")
    def rid_report(self, *, access_token: str, rid: str) -> RidReport:
        """What WeChat remembers of the request that it gave this `rid`, for seven days and to the same account."""
        request = inquiries.rid_request(access_token=access_token, rid=rid)
        with self._watched(request.path):
            return inquiries.read_rid_report(request, self._send(request))

    @sensitive_variables("access_token", "request", "answer")
    def api_domain_ips(self, *, access_token: str) -> list[str]:
        """WeChat's own addresses, some as networks: the cheapest call that proves a token good."""
        request = protocol.api_domain_ips_request(access_token=access_token)
        with self._watched(request.path):
            return protocol.read_ip_list(request, self._send(request))

    @contextmanager
    def _watched(self, endpoint: str) -> Iterator[None]:
        with self._guard.around(endpoint), noted(endpoint):
            yield

    @sensitive_variables()
    def _send(self, request: WireRequest) -> WireAnswer:
        """The answer to `request`, within the time that its kind may take."""
        deadline = monotonic() + (self.code_timeout if request.is_code_call else self.token_timeout)
        outcome = self._exchange(request, deadline)
        if isinstance(outcome, ConnectionStale) and request.is_repeatable:
            # The other idle connections are as old as the one that died: start from none.
            self._session.close()
            outcome = self._exchange(request, deadline)
        if isinstance(outcome, WeChatError):
            raise outcome
        return outcome

    @sensitive_variables()
    def _exchange(self, request: WireRequest, deadline: float) -> WireAnswer | WeChatError:
        """One request on the wire, as soon as a connection is free."""
        session = self._session
        if not session.places.acquire(timeout=min(self.connect_timeout, max(deadline - monotonic(), 0.0))):
            return all_busy(self.connections, host=self._host)
        try:
            return self._exchange_on(session, request, deadline)
        finally:
            session.places.release()

    @sensitive_variables()
    def _exchange_on(self, session: DeadlineSession, request: WireRequest, deadline: float) -> WireAnswer | WeChatError:
        """A failure is returned, to be raised where no frame and no context holds the URL."""
        seconds = max(0.001, deadline - monotonic())
        prepared = requests.Request(
            request.method,
            self.base_url + request.target,
            headers=HEADERS if request.body is None else JSON_HEADERS,
            data=request.body,
        ).prepare()
        # requests hands urllib3's own Timeout through, which alone knows a total; its annotations do not say so
        timeout: Any = Timeout(connect=min(self.connect_timeout, seconds), total=seconds)
        outer = sys.exception()
        try:
            with session.send(
                prepared, stream=True, timeout=timeout, proxies=session.way_out, allow_redirects=False
            ) as response:
                body = response.raw.read(ANSWER_MAX_BYTES + 1, decode_content=False)
        except (requests.RequestException, HTTPError, OSError) as error:
            return failure_for(error, host=self._host, timed_out=monotonic() >= deadline, outer=outer)
        if len(body) > ANSWER_MAX_BYTES:
            return oversized(ANSWER_MAX_BYTES)
        if session.way_out and response.status_code == PROXY_LOGIN_STATUS:
            return proxy_refused()
        return WireAnswer(response.status_code, body, response.headers.get("Num-Used", ""))

    @property
    def _session(self) -> DeadlineSession:
        """This process's session: a forked child must not share its parent's sockets."""
        pid = os.getpid()
        # setdefault is atomic: threads that race here end with the same session
        return self._sessions.get(pid) or self._sessions.setdefault(pid, self._new_session())

    @sensitive_variables()
    def _new_session(self) -> DeadlineSession:
        way_out = self.proxy.full_url if self.proxy else ""
        return DeadlineSession(connections=self.connections, proxy=way_out, ca_bundle=self.ca_bundle)
