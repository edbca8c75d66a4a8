"""A Redis server that belongs to one test, which may kill, pause, flush and restart it."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis

from wxcode.stack import redis_server


class OwnRedis:
    """Context manager; `url` stays the same through every restart."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = redis_server.new_url(password="drill", port=redis_server.free_port())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        self.process = redis_server.start(url=self.url, directory=self.directory, output=subprocess.DEVNULL)
        redis_server.wait_until_ready(self.process, self.url)

    def kill(self) -> None:
        """kill -9; what was written stays on disk."""
        self.process.kill()
        self.process.wait()

    def lose_everything(self) -> None:
        shutil.rmtree(self.directory)

    def pause(self) -> None:
        """Connections stay open, and nobody answers."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)

    def flush(self) -> None:
        with Redis.from_url(self.url, socket_timeout=5) as client:
            client.flushall()
