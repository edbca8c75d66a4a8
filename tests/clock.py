"""Time as a test moves it, for everything that takes its moment from a clock."""

import time
from contextlib import ExitStack
from time import monotonic
from typing import Any, Self

import time_machine
from redis import Redis

from apps.coordination import scripts

KEYS_OF_OURS = "wxcode:*"


class _Monotonic:
    """How far this process's monotonic clock has been moved ahead, and what it shows while it stands still."""

    ahead = 0.0
    stopped: float | None = None

    @classmethod
    def now(cls) -> float:
        return monotonic() + cls.ahead if cls.stopped is None else cls.stopped


class Clock:
    """`advance(seconds)`: so much time goes by at once, for this process, Redis and the sandbox; then it runs on.

    Moved are `time.time`, `datetime` and `time.monotonic` as modules of ours ask for them, the moment of scripts in
    Redis, what expires there, and WeChat's clock. Not moved: deadlines on sockets, other processes. Afterwards all but
    `time.monotonic` are as before, which never goes back: threads and memories that outlive the test go by it.

    After `stop()` time stands still between the moves, so that a test can state exact moments; what expires in Redis
    and WeChat's clock run on.
    """

    def __init__(self) -> None:
        self.redis: Redis | None = None
        self.sandbox: Any = None
        self._moved = 0.0
        self._travels = ExitStack()
        self._server_now = scripts.NOW

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._travels.close()
        scripts.NOW = self._server_now
        _Monotonic.stopped = None

    def stop(self) -> None:
        """Time stands still, but for `advance`."""
        _Monotonic.stopped = _Monotonic.now()
        self._move(0)

    def advance(self, seconds: float) -> None:
        """Let `seconds` go by."""
        self._move(seconds)
        if self.redis is not None:
            self._expire(self.redis, seconds)
        if self.sandbox is not None:
            self.sandbox.advance(seconds)

    def _move(self, seconds: float) -> None:
        _Monotonic.ahead += seconds
        time.monotonic = _Monotonic.now
        self._moved += seconds
        moment = time.time() + seconds
        self._travels.enter_context(time_machine.travel(moment, tick=_Monotonic.stopped is None))
        if _Monotonic.stopped is not None:
            _Monotonic.stopped += seconds
            scripts.NOW = f"local now = {round(moment * 1_000_000)}\n"
        else:
            scripts.NOW = f"{self._server_now}now = now + {round(self._moved * 1_000_000)}\n"

    def _expire(self, redis: Redis, seconds: float) -> None:
        for name in redis.scan_iter(KEYS_OF_OURS):
            left = redis.pttl(name)
            if left > 0:
                # zero or less expires it now
                redis.pexpire(name, int(left - seconds * 1000))
