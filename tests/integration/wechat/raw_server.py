"""A TCP server whose every connection is played by a function, for answers that no real server would give."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass
class Received:
    line: bytes
    headers: dict[bytes, bytes]
    body: bytes
    connection: int


class Connection:
    """One accepted connection. `number` counts from 1; `stopped` is set when the test is over."""

    def __init__(self, sock: socket.socket, number: int, server: "RawServer") -> None:
        self.sock, self.number, self.server = sock, number, server
        self.stopped = server.stopped
        self._reader = sock.makefile("rb")

    def read_request(self) -> Received | None:
        """The next request, or None when the client has hung up."""
        line = self._reader.readline()
        if not line:
            return None
        headers: dict[bytes, bytes] = {}
        while (header := self._reader.readline()) not in (b"\r\n", b""):
            name, _, value = header.partition(b":")
            headers[name.strip().lower()] = value.strip()
        body = self._reader.read(int(headers.get(b"content-length", b"0")))
        received = Received(line.rstrip(b"\r\n"), headers, body, self.number)
        self.server.received.append(received)
        return received

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    def drip(self, data: bytes, *, every: float) -> None:
        """One byte at a time, until all are sent or the test is over."""
        for byte in data:
            self.send(bytes([byte]))
            if self.stopped.wait(every):
                return

    def reset(self) -> None:
        """Hang up with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        self._reader.close()
        self.sock.close()


class RawServer:
    """`with RawServer(play) as server:` plays every connection with `play`; `.url`, `.received`, `.connections`."""

    def __init__(self, play: Callable[[Connection], None], *, tls: ssl.SSLContext | None = None) -> None:
        self.play = play
        self.tls = tls
        self.received: list[Received] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[Connection] = set()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        host, port = self._listener.getsockname()
        self.url = f"{'https' if self.tls else 'http'}://{host}:{port}"
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    @property
    def open_connections(self) -> int:
        """How many the server has not closed."""
        return len(self._open)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock: socket.socket, number: int) -> None:
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        connection = Connection(sock, number, self)
        self._open.add(connection)
        with contextlib.suppress(OSError):
            self.play(connection)
        connection.close()
        self._open.discard(connection)


def always(body: bytes, *, status: str = "200 OK", headers: str = "") -> Callable[[Connection], None]:
    """Answers every request on every connection with the same."""

    def play(connection: Connection) -> None:
        while connection.read_request():
            connection.answer(body, status=status, headers=headers)

    return play
