"""A pooled `requests` session in which every answer has a total deadline and nothing is repeated by itself."""

import io
import ssl
import threading
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any

import requests
from certifi import where
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.contrib.socks import (
    SOCKSConnection,
    SOCKSHTTPConnectionPool,
    SOCKSHTTPSConnection,
    SOCKSHTTPSConnectionPool,
)
from urllib3.util.ssl_ import create_urllib3_context


class ConnectionWentStale(ConnectionResetError):
    """A kept-alive connection was closed under us before a single byte of the answer came."""


class NothingAnswered(ConnectionResetError):
    """The connection was closed before a single byte of the answer came; it may have been a new one."""


class DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment that is fixed at the start, however slowly its bytes drip."""

    def __init__(self, raw: io.RawIOBase, sock: Any) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        # urllib3 has just set the socket's timeout to what is left of the total for this call
        self._seconds: float = sock.gettimeout()
        self._deadline = monotonic() + self._seconds
        self.has_bytes = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline - monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(remaining)
        count: int | None = self._raw.readinto(buffer)
        self.has_bytes = self.has_bytes or bool(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class DeadlineResponse(HTTPResponse):
    """An answer, headers included, that must be complete within the timeout its socket has now."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.reader = DeadlineReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self.reader)

    def begin(self) -> None:
        try:
            super().begin()
        except ConnectionError as error:
            if self.reader.has_bytes:
                raise
            raise NothingAnswered(*error.args) from None


class _DeadlineConnection(HTTPConnection):
    response_class = DeadlineResponse
    has_answered = False

    def connect(self) -> None:
        self.has_answered = False
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().request(*args, **kwargs)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            if self.has_answered:
                raise ConnectionWentStale(*error.args) from None
            raise

    def getresponse(self) -> Any:
        try:
            answer = super().getresponse()
        except NothingAnswered as error:
            if self.has_answered:
                raise ConnectionWentStale(*error.args) from None
            # a new connection did not go stale: WeChat hung up on this very request
            raise
        self.has_answered = True
        return answer


class _DeadlineTlsConnection(_DeadlineConnection, HTTPSConnection):
    pass


class _DeadlineSocksConnection(_DeadlineConnection, SOCKSConnection):
    pass


class _DeadlineSocksTlsConnection(_DeadlineConnection, SOCKSHTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTlsConnection


class _SocksPool(SOCKSHTTPConnectionPool):
    ConnectionCls = _DeadlineSocksConnection


class _SocksTlsPool(SOCKSHTTPSConnectionPool):
    ConnectionCls = _DeadlineSocksTlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}
_SOCKS_POOLS = {"http": _SocksPool, "https": _SocksTlsPool}


_contexts: dict[str, ssl.SSLContext] = {}
_contexts_lock = threading.Lock()


def _trusting(ca_bundle: str) -> ssl.SSLContext:
    """Made once: to read the certificates takes some 10 ms, and hundreds of threads may want their first session."""
    with _contexts_lock:
        context = _contexts.get(ca_bundle)
        if context is None:
            context = create_urllib3_context()
            if ca_bundle:
                context.load_verify_locations(cadata=ca_bundle)
            else:
                context.load_verify_locations(where())
            _contexts[ca_bundle] = context
        return context


class _Adapter(HTTPAdapter):
    def __init__(self, *, connections: int, ca_bundle: str) -> None:
        self._context = _trusting(ca_bundle)
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _SOCKS_POOLS if proxy.startswith("socks") else _POOLS
        return manager

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, options = super().build_connection_pool_key_attributes(*args, **kwargs)
        return host, {**options, "ssl_context": self._context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context alone says whom to trust; requests would add its own certificates to an operator's."""
        conn.cert_reqs = "CERT_REQUIRED"


class DeadlineSession(requests.Session):
    """Follows no redirect, keeps no cookie, reads no proxy or netrc from the environment, repeats nothing.

    `places` is one for each of the `connections` that may be open at once; whoever sends holds one. `proxy` may
    hold a login. `ca_bundle` are the certificates that are trusted, in PEM, empty for those of the `certifi` package.
    """

    def __init__(self, *, connections: int, proxy: str = "", ca_bundle: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.places = threading.BoundedSemaphore(connections)
        self.way_out = {"http": proxy, "https": proxy} if proxy else {}
        adapter = _Adapter(connections=connections, ca_bundle=ca_bundle)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: otherwise requests reads a redirect's whole body, unbounded, only to describe the next step."""
