"""Lua scripts that go by the Redis server's clock, which all processes share."""

from typing import Any

# In front of a script: `now`, microseconds since 1970. A test moves it.
NOW = """
local server_time = redis.call('TIME')
local now = tonumber(server_time[1]) * 1000000 + tonumber(server_time[2])
"""


def run_now(redis: Any, script: str, keys: tuple[str, ...], *arguments: Any) -> Any:
    """The answer of `script`, which finds the moment in `now`. One round trip."""
    return redis.eval(NOW + script, len(keys), *keys, *arguments)


def server_seconds(redis: Any) -> float:
    """The same moment, in seconds since 1970."""
    return int(redis.eval(f"{NOW}return now", 0)) / 1_000_000
