"""A pooled `requests` session in which every answer has a total deadline and nothing is repeated by itself."""

import io
import ssl
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# Connections kept open per process and host; more threads than that still work, on connections of their own. Batches
# of eight mini-programs have some 400 calls under way, and a new TLS connection for each would cost more than the call.
POOL_SIZE = 512


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


class _Pool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class DeadlineSession(requests.Session):
    """Follows no redirect, keeps no cookie, reads no proxy or netrc from the environment, repeats nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: otherwise requests reads a redirect's whole body, unbounded, only to describe the next step."""
