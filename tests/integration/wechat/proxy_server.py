"""A real proxy (pproxy) as its own process, speaking HTTP and SOCKS5 on one port, with a login or without."""

import re
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import Self

from tests.waiting import wait_until
from wxcode.stack.redis_server import free_port

START_SECONDS = 60
PASSED = re.compile(r"^(http|socks5) .*", re.MULTILINE)


class ProxyServer:
    """`with ProxyServer(login="user:password") as proxy:` `.address` is host:port, `.passed()` what went through."""

    def __init__(self, *, login: str = "") -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._listen = f"http+socks5://{self.address}" + (f"#{login}" if login else "")

    def __enter__(self) -> Self:
        self._log = tempfile.NamedTemporaryFile("w+b")
        words = [sys.executable, "-u", "-m", "pproxy", "-v", "--auth", "-1", "-l", self._listen]
        self._process = subprocess.Popen(words, stdout=self._log, stderr=subprocess.STDOUT)
        wait_until(lambda: "Serving on" in self.said() or self._process.poll() is not None, seconds=START_SECONDS)
        assert self._process.poll() is None, self.said()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(START_SECONDS)
        self._log.close()

    def said(self) -> str:
        with open(self._log.name) as log:
            return log.read()

    def passed(self) -> list[str]:
        """The protocol of each connection that went through."""
        return PASSED.findall(self.said())
