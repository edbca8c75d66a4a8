"""The embedded Redis as tests have it: started where it is wanted, ended with the run."""

import signal
import subprocess
from pathlib import Path
from typing import Self

from wxcode.stack import redis_server

END_SECONDS = 5


class RedisProcess:
    """`with RedisProcess(url, data_dir):` Redis listens at `url`; its log is below `data_dir`."""

    def __init__(self, url: str, data_dir: Path) -> None:
        self.url, self.data_dir = url, data_dir

    def __enter__(self) -> Self:
        with (self.data_dir / "redis.log").open("wb") as log:
            self.process = redis_server.start(url=self.url, directory=self.data_dir / "redis", output=log)
        try:
            redis_server.wait_until_ready(self.process, self.url)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
