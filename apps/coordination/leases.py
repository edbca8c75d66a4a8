"""Leases in Redis that a process keeps while it works: one thread renews all of them, however many there are.

A thread for each would cost every fresh code a tenth of a millisecond, and more where many threads want the processor.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from apps.coordination.connection import CoordinationUnavailable, redis_errors

# A leader shows every second that it lives; one that was killed is replaced after four. With three, a machine
# that had ten times more to do than it could took living leaders for dead.
LOCK_SECONDS = 4.0
RENEW_SECONDS = 1.0
# Also takes back a lock that a flush or a long silence of Redis has lost, while nobody else has it.
RENEW = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


class _Lease:
    """A lock of this process's that is renewed until `ends_at` (monotonic seconds) or until it is over."""

    __slots__ = ("ends_at", "guard", "is_over", "lock", "owner")

    def __init__(self, lock: str, owner: str, ends_at: float) -> None:
        self.lock, self.owner, self.ends_at = lock, owner, ends_at
        self.is_over = False
        # held during a renewal: one on its way would take back the lock that is released next
        self.guard = threading.Lock()


class _Renewals:
    """When each lease is next renewed, soonest first, since all have the same period."""

    due: deque[tuple[float, _Lease]] = deque()
    changed = threading.Condition()
    thread: threading.Thread | None = None


@contextmanager
def renewed(lock: str, owner: str, lease_seconds: float) -> Iterator[None]:
    """Keeps `lock` for `owner` while the work inside goes on, for at most `lease_seconds`."""
    now = time.monotonic()
    lease = _Lease(lock, owner, now + lease_seconds - LOCK_SECONDS)
    _plan(now + RENEW_SECONDS, lease)
    try:
        yield
    finally:
        with lease.guard:
            lease.is_over = True


def _plan(due_at: float, lease: _Lease) -> None:
    with _Renewals.changed:
        _Renewals.due.append((due_at, lease))
        # a fork takes the thread away
        if _Renewals.thread is None or not _Renewals.thread.is_alive():
            _Renewals.thread = threading.Thread(target=_renew_for_ever, name="leases", daemon=True)
            _Renewals.thread.start()
        elif len(_Renewals.due) == 1:
            _Renewals.changed.notify()


def _renew_for_ever() -> None:
    while True:
        with _Renewals.changed:
            while not _Renewals.due:
                _Renewals.changed.wait()
            due_at, lease = _Renewals.due[0]
        # nothing is ever due before the first in the row
        time.sleep(max(due_at - time.monotonic(), 0))
        with _Renewals.changed:
            _Renewals.due.popleft()
        if not lease.is_over and time.monotonic() < lease.ends_at and _renew(lease):
            _plan(time.monotonic() + RENEW_SECONDS, lease)


def _renew(lease: _Lease) -> bool:
    """Whether to come again: not for work that is done, nor where somebody else has taken the lead."""
    with lease.guard:
        if lease.is_over:
            return False
        with suppress(CoordinationUnavailable), redis_errors() as redis:
            return bool(redis.eval(RENEW, 1, lease.lock, lease.owner, int(LOCK_SECONDS * 1000)))
    return True
