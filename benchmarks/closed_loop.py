"""Load from a process of its own that costs the machine little: raw keep-alive sockets, a fixed number in flight.

    python -m benchmarks.closed_loop   (reads one JSON order from stdin, answers one JSON line)

An order: host, port, seconds, in_flight, and `requests`: [{"line", "headers", "body"}, ...], each body with `{n}` for a
number that grows. An answer: calls, seconds, and how many answers had each status.
"""

import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

CONTENT_LENGTH = b"content-length:"


def drive(order: dict[str, Any]) -> dict[str, Any]:
    """The order carried out in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.closed_loop"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def exchange(sock: socket.socket, message: bytes) -> int:
    """One request and its whole answer; the status."""
    sock.sendall(message)
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _more(sock)
    head = received[:end].lower()
    length = int(head[head.index(CONTENT_LENGTH) + len(CONTENT_LENGTH) :].split(b"\r\n", 1)[0])
    missing = length - (len(received) - end - 4)
    while missing > 0:
        missing -= len(_more(sock))
    return int(received[9:12])


def _more(sock: socket.socket) -> bytes:
    part = sock.recv(262_144)
    if not part:
        raise ConnectionError("closed in the middle of an answer")
    return part


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    numbers = itertools.count(order.get("first", 0))
    statuses: Counter[int] = Counter()
    deadline = time.perf_counter() + order["seconds"]

    def work() -> None:
        sock = socket.create_connection((order["host"], order["port"]))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < deadline:
            number = next(numbers)
            asked = order["requests"][number % len(order["requests"])]
            body = asked["body"].replace("{n}", str(number)).encode()
            head = f"{asked['line']}\r\n{asked['headers']}Content-Length: {len(body)}\r\n\r\n".encode()
            statuses[exchange(sock, head + body)] += 1

    threads = [threading.Thread(target=work) for _ in range(order["in_flight"])]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "calls": sum(statuses.values()),
        "seconds": time.perf_counter() - started,
        "statuses": statuses,
        "next": next(numbers),
    }


if __name__ == "__main__":
    json.dump(carry_out(json.load(sys.stdin)), sys.stdout)
