"""The service's web application and Celery, with a wall clock that a drill moves; the monotonic one runs on.

The file that DRILL_CLOCK names holds the seconds that the clock is ahead. libfaketime was tried first: with the
monotonic clock left alone, Python's time.sleep fails under it (0.9.10).
"""

import os
import threading
import time
from pathlib import Path

import time_machine

from wxcode.celery import app
from wxcode.stack.web import application

__all__ = ["app", "application"]

LOOK_SECONDS = 0.1


def follow(place: Path) -> None:
    """Keep this process's wall clock as far ahead as the file at `place` says, for ever."""
    ahead, journey = 0, None
    while True:
        wanted = int(place.read_text())
        if wanted != ahead:
            if journey is not None:
                journey.stop()
                journey = None
            if wanted:
                journey = time_machine.travel(time.time() + wanted, tick=True)
                journey.start()
            ahead = wanted
        time.sleep(LOOK_SECONDS)


threading.Thread(target=follow, args=(Path(os.environ["DRILL_CLOCK"]),), name="clock", daemon=True).start()
