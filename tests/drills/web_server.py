"""A web server as the image starts it, forked from what is loaded already, once it answers."""

from collections.abc import Callable
from typing import Any

from tests.drills.forked import Forked
from tests.waiting import answers, wait_until
from wxcode.stack.redis_server import free_port

PATIENCE_SECONDS = 180


def start_web(fork: Callable[..., list[Forked]], *, threads: int, options: tuple[str, ...] = (), **given: Any) -> str:
    """Its address."""
    port = free_port()
    words = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--workers", "1"]
    words += ["--blocking-threads", str(threads), *options, "wxcode.wsgi:application"]
    (server,) = fork("wxcode.serve", *words, **given)

    def is_up() -> bool:
        assert server.is_alive, server.log.read_text()
        return answers(port)

    wait_until(is_up, PATIENCE_SECONDS)
    return f"http://127.0.0.1:{port}"
