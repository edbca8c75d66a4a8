"""On record in the log: who reads which mini-program's token, and from where; a line a minute, not one a reading."""

import logging
import threading
import time
from dataclasses import dataclass

logger = logging.getLogger(__name__)

# Tokens are read thousands of times a second; that somebody reads them, and how often, is what an audit asks for.
INTERVAL_SECONDS = 60.0
# Readers that are told apart. A crowd beyond it, which only opened networks could bring, is written down each time.
MOST_READERS = 4096


@dataclass
class _Reader:
    written_at: float
    readings: int = 0


_lock = threading.Lock()
_readers: dict[tuple[str, str, str], _Reader] = {}


def note_reading(appid: str, *, reader: str, address: str, **extra: str) -> None:
    """Write down that `reader` was handed the token of `appid`, with the readings since the line before.

    Each process keeps its own minutes. `extra` are further attributes of the log record; the token is never one.
    """
    now = time.monotonic()
    with _lock:
        known = _readers.get((appid, reader, address))
        if known is not None and now - known.written_at < INTERVAL_SECONDS:
            known.readings += 1
            return
        if known is None and len(_readers) >= MOST_READERS:
            _forget_old(now)
        if known is not None or len(_readers) < MOST_READERS:
            _readers[appid, reader, address] = _Reader(now)
    before = known.readings if known else 0
    facts = {"appid": appid, "reader": reader, "address": address}
    logger.info(
        "token of %s read by %s from %s, %d times since the line before",
        appid,
        reader,
        address,
        before + 1,
        extra=facts | extra,
    )


def forget_readings() -> None:
    """The next reading is written down; for tests."""
    with _lock:
        _readers.clear()


def _forget_old(now: float) -> None:
    for key in [key for key, one in _readers.items() if now - one.written_at >= INTERVAL_SECONDS]:
        del _readers[key]
