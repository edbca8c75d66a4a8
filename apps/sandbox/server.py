"""The HTTP/1.1 connection: one asyncio protocol on the httptools parser, answers in order, each in one write."""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import httptools

from apps.sandbox.wire import Delivery, Reply, Request

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024
# A client that pipelines more than this waits in its own socket.
MAX_WAITING = 32
DRIP_PIECES = 20
LINGER_ZERO = struct.pack("ii", 1, 0)
Answerer = Callable[[Request], Reply]


@dataclass
class Incoming:
    """A request while it is being read."""

    url: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    head_bytes: int = 0
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """Reads requests, answers them strictly one after the other."""

    def __init__(self, answer: Answerer, connections: set["Connection"]) -> None:
        self._answer = answer
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._incoming = Incoming()
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._is_busy = False
        self._is_choked = False
        self._is_closing = False
        self._timer: asyncio.TimerHandle | None = None

    # --- asyncio -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 narrows the type, cannot fail for TCP # nosec B101
        self._transport = transport
        self._connections.add(self)
        # without the zone of a link-local address, and as IPv4 if it came in as a mapped one
        self._ip = transport.get_extra_info("peername")[0].partition("%")[0].removeprefix("::ffff:")
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._is_closing = True
        self._waiting.clear()
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            # includes an attempt to upgrade to another protocol
            self._refuse(400)

    def pause_writing(self) -> None:
        self._is_choked = True

    def resume_writing(self) -> None:
        self._is_choked = False
        self._go_on()

    # --- httptools -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._incoming = Incoming()

    def on_url(self, url: bytes) -> None:
        self._incoming.url += url
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._measure(len(name) + len(value))
        self._incoming.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._incoming.headers.get("expect", "").lower() == "100-continue" and not self._is_closing:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._incoming.body += body
        if len(self._incoming.body) > MAX_BODY_BYTES:
            self._refuse(413)

    def on_message_complete(self) -> None:
        if self._is_closing:
            return
        incoming = self._incoming
        try:
            url = httptools.parse_url(incoming.url)
        except httptools.HttpParserInvalidURLError:
            self._refuse(400)
            return
        request = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=(url.path or b"/").decode("latin-1"),
            query_string=(url.query or b"").decode("latin-1"),
            body=bytes(incoming.body),
            ip=self._ip,
            headers=incoming.headers,
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        if len(self._waiting) > MAX_WAITING:
            self._transport.pause_reading()
        self._go_on()

    # --- answering -----------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        while self._waiting and not (self._is_busy or self._is_choked or self._is_closing):
            request, keep_alive = self._waiting.popleft()
            self._is_busy = True
            reply = self._answer(request)
            if reply.delay_seconds > 0 and reply.delivery is not Delivery.HANG:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(reply.delay_seconds, self._send_later, reply, request, keep_alive)
            else:
                self._send(reply, request, keep_alive)
        if len(self._waiting) <= MAX_WAITING and not self._is_closing:
            self._transport.resume_reading()

    def _send_later(self, reply: Reply, request: Request, keep_alive: bool) -> None:
        self._send(reply, request, keep_alive)
        self._go_on()

    def _send(self, reply: Reply, request: Request, keep_alive: bool) -> None:
        if reply.delivery is Delivery.HANG:
            return  # busy for ever: nothing more is answered on this connection
        if reply.delivery is Delivery.RESET:
            self._reset()
            return
        keep_alive = keep_alive and reply.delivery is Delivery.WHOLE
        written = reply.encode(keep_alive=keep_alive, has_body=request.method != "HEAD")
        if reply.delivery is Delivery.DRIP:
            size = -(-len(written) // DRIP_PIECES)
            pieces = deque(written[start : start + size] for start in range(0, len(written), size))
            self._drip(pieces, reply.drip_seconds / DRIP_PIECES)
            return
        self._is_busy = False
        self._transport.write(written)
        if not keep_alive:
            self.close()

    def _drip(self, pieces: deque[bytes], pause: float) -> None:
        """Write the first of `pieces`, the others later; then hang up. Busy until then."""
        if self._is_closing:
            return
        self._transport.write(pieces.popleft())
        if not pieces:
            self.close()
            return
        self._timer = asyncio.get_running_loop().call_later(pause, self._drip, pieces, pause)

    def close(self) -> None:
        """Send what is written, then end."""
        self._is_closing = True
        self._transport.close()

    def _reset(self) -> None:
        self._is_closing = True
        with contextlib.suppress(OSError):
            # closing with a zero linger sends RST instead of FIN
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()

    def _measure(self, size: int) -> None:
        self._incoming.head_bytes += size
        if self._incoming.head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)

    def _refuse(self, status: int) -> None:
        """Answer what cannot be read as a request, and hang up."""
        if not self._is_closing:
            self._transport.write(Reply(b"", "text/plain", status).encode(keep_alive=False))
            self.close()
