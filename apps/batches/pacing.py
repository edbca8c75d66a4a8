"""The pacer: hands one order after the other to a thread, each at the moment of its permit."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from apps.batches.orders import Order
from apps.batches.seats import Seats
from apps.codes.permits import plan_permits
from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram

# Permits fetched at a time, and how many may be in hand: what a stalled machine can still use afterwards.
PLAN_COUNT, PLAN_LOW = 16, 8
# A permit not used by now is worthless: the minute that it belongs to has moved on.
STALE_SECONDS = 0.5
# At WeChat's usual 0.6 s some 50 calls are under way; more than this are not needed below 1.1 s.
MOST_IN_FLIGHT = 96
IDLE_SECONDS = 0.5


class Pacer(threading.Thread):
    """`offer` gives it orders; `launch(order, permit_at)` must start one without waiting; `landed` ends one.

    While `hold` lasts nothing is launched. After a hold, and at the very beginning, a single order goes ahead;
    the others follow when `landed(is_well=True)` says that WeChat answers.
    """

    def __init__(
        self,
        miniprogram: MiniProgram,
        *,
        seats: Seats,
        launch: Callable[[Order, float], None],
        on_trouble: Callable[[CoordinationUnavailable], None],
    ) -> None:
        super().__init__(name=f"pacer-{miniprogram.appid}", daemon=True)
        self._miniprogram = miniprogram
        self._seats = seats
        self._launch = launch
        self._on_trouble = on_trouble
        self._backlog: deque[Order] = deque()
        self._permits: deque[float] = deque()
        self._change = threading.Condition()
        self._in_flight = 0
        self._is_probing = True
        self._held_until = 0.0
        self._is_stopping = False

    # --- for the run ---------------------------------------------------------------------------------------

    def offer(self, orders: Iterable[Order]) -> None:
        with self._change:
            self._backlog.extend(orders)
            self._change.notify()

    def take_back(self, is_unwanted: Callable[[Order], bool]) -> list[Order]:
        """The orders that have not been launched and are `is_unwanted`, no longer in the backlog."""
        with self._change:
            unwanted = [order for order in self._backlog if is_unwanted(order)]
            if unwanted:
                self._backlog = deque(order for order in self._backlog if not is_unwanted(order))
            return unwanted

    def landed(self, *, is_well: bool) -> None:
        """A launched order has ended; `is_well` when WeChat answered sensibly."""
        with self._change:
            self._in_flight -= 1
            if is_well:
                self._is_probing = False
            self._seats.give_back(self)
            self._change.notify()

    def hold(self, seconds: float) -> None:
        """Launch nothing for so long, then a single order."""
        with self._change:
            self._held_until = time.monotonic() + seconds
            self._is_probing = True

    def release(self) -> None:
        """End the hold now."""
        with self._change:
            self._held_until = 0.0
            self._change.notify()

    def stop(self) -> None:
        with self._change:
            self._is_stopping = True
            self._change.notify()

    @property
    def is_held(self) -> bool:
        return time.monotonic() < self._held_until

    @property
    def is_probing(self) -> bool:
        return self._is_probing

    @property
    def backlog(self) -> int:
        return len(self._backlog)

    @property
    def in_flight(self) -> int:
        return self._in_flight

    # --- its own thread ------------------------------------------------------------------------------------

    def run(self) -> None:
        while self._wait_for_order():
            order = self._at_its_permit()
            if order is None:
                self._seats.give_back(self)
            else:
                self._launch(*order)

    def _wait_for_order(self) -> bool:
        """Wait until an order may go and has a seat; False when the run is over."""
        with self._change:
            while not self._is_stopping:
                # the seat before the permit: a permit that is not used is lost to the whole minute
                if self._may_launch() and self._seats.take(self):
                    return True
                self._change.wait(min(max(self._held_until - time.monotonic(), 0.02), IDLE_SECONDS))
            return False

    def _at_its_permit(self) -> tuple[Order, float] | None:
        permit_at = self._next_permit()
        if permit_at is None:
            return None
        time.sleep(max(permit_at - time.monotonic(), 0.0))
        order = self._take()
        return None if order is None else (order, permit_at)

    def _take(self) -> Order | None:
        with self._change:
            # a hold, or a person, may have come in the meantime
            if self._is_stopping or not self._may_launch():
                return None
            self._in_flight += 1
            return self._backlog.popleft()

    def _may_launch(self) -> bool:
        most = 1 if self._is_probing else MOST_IN_FLIGHT
        return bool(self._backlog) and self._in_flight < most and not self.is_held

    def _next_permit(self) -> float | None:
        """When the next call may be made (monotonic seconds); None: look around again first."""
        now = time.monotonic()
        while self._permits and self._permits[0] < now - STALE_SECONDS:
            self._permits.popleft()
        if len(self._permits) < PLAN_LOW:
            wanted = 1 if self._is_probing else min(len(self._backlog), PLAN_COUNT) - len(self._permits)
            try:
                plan = plan_permits(self._miniprogram, count=max(wanted, 1))
            except CoordinationUnavailable as unavailable:
                self._on_trouble(unavailable)
                return None
            self._permits.extend(now + wait for wait in plan.waits)
            if not self._permits:
                time.sleep(min(plan.retry_seconds + 0.001, IDLE_SECONDS))
                return None
        return self._permits.popleft()
