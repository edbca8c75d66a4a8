"""Waiting for what other threads and processes do."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

import requests

T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 60) -> T:
    """The first true answer of `condition`."""
    deadline = monotonic() + seconds
    while not (answer := condition()):
        assert monotonic() < deadline, f"it did not happen within {seconds} s"
        sleep(0.05)
    return answer


def answers(port: int) -> bool:
    """Whether a web process on this machine answers there; a refusal of its host name is an answer as well."""
    try:
        requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
    except OSError:
        return False
    return True


def lives(pid: int) -> bool:
    """Whether there is such a process, and not only what nobody has waited for (Linux)."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
