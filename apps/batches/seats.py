"""How many calls the batches of this process may have under way, and each run's fair share of them."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.conf import settings

# Who was refused so recently still waits: a pacer asks again every 20 ms.
HUNGRY_SECONDS = 0.2


class Seats:
    """A run asks before each call. It may take what nobody else wants; among those who want more, shares are equal."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._lock = threading.Lock()
        self._taken: Counter[object] = Counter()
        self._hungry_until: dict[object, float] = {}

    def take(self, run: object) -> bool:
        """Whether `run` may have one more call under way; `give_back` ends it."""
        now = time.monotonic()
        with self._lock:
            self._hungry_until = {one: until for one, until in self._hungry_until.items() if until > now}
            runs = len(self._taken.keys() | self._hungry_until.keys() | {run})
            is_poor = self._taken[run] < max(self.total // runs, 1)
            waiting = list(self._hungry_until)
            # the hungry are served in their order, or with more runs than seats the quickest would always win
            ahead = waiting.index(run) if run in self._hungry_until else len(waiting)
            if self.total - self._taken.total() > ahead and (is_poor or not waiting):
                self._taken[run] += 1
                self._hungry_until.pop(run, None)
                return True
            if is_poor:
                self._hungry_until[run] = now + HUNGRY_SECONDS
            # a Counter remembers whom it was asked about
            self._taken += Counter()
            return False

    def give_back(self, run: object) -> None:
        with self._lock:
            self._taken.subtract([run])
            self._taken += Counter()

    @property
    def taken(self) -> int:
        return self._taken.total()


@cache
def seats_of_this_process() -> Seats:
    return Seats(settings.BATCH_CALLS)


@cache
def threads_of_this_process() -> ThreadPoolExecutor:
    """One thread for each seat, begun when it is first needed."""
    return ThreadPoolExecutor(seats_of_this_process().total, thread_name_prefix="ask")
