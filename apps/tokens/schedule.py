"""Refreshing ahead: once a minute, those mini-programs whose token is due, and only those."""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass

from django.db import close_old_connections, connection

from apps.coordination.connection import CoordinationUnavailable
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram
from apps.tokens import heartbeat, store, trouble
from apps.tokens.models import Trigger
from apps.tokens.services import refresh_token

logger = logging.getLogger(__name__)

REQUESTED_BY = "schedule"
# Claimed at a time: what four threads finish long before the claims end, at WeChat's usual half second.
CLAIM_LIMIT = 100
THREADS = 4
# Stop claiming before the next beat begins.
RUN_SECONDS = 45.0


@dataclass
class RunReport:
    """What one run of the refresher did."""

    refreshed: int = 0
    failed: int = 0

    def count(self, succeeded: bool) -> None:
        self.refreshed += succeeded
        self.failed += not succeeded


def refresh_due_tokens() -> RunReport:
    """Refresh every token that is due now; a failing mini-program never stops the others.

    Safe to run twice at once: each due appid is claimed by one run. Raises CoordinationUnavailable.
    """
    report = RunReport()
    deadline = time.monotonic() + RUN_SECONDS
    heartbeat.note_run(now=time.time())
    _schedule_unknown()
    with ThreadPoolExecutor(THREADS, thread_name_prefix="refresh") as pool:
        while time.monotonic() < deadline and (due := store.claim_due(now=time.time(), limit=CLAIM_LIMIT)):
            wanted = list(MiniProgram.objects.refreshable().filter(appid__in=due))
            futures = [pool.submit(_refresh_in_thread, each, due[each.appid]) for each in wanted]
            wait(futures)
            for miniprogram, future in zip(wanted, futures, strict=True):
                report.count(_has_succeeded(miniprogram, future))
    return report


def _has_succeeded(miniprogram: MiniProgram, future: "Future[bool]") -> bool:
    """What came of one refresh. Raises CoordinationUnavailable; any other surprise is this mini-program's own."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, CoordinationUnavailable):
        raise error
    logger.error("the token of %s could not be refreshed", miniprogram.appid, exc_info=error)
    return False


def _schedule_unknown() -> None:
    """Bring the due set in line with the database; it is off after a flush, a bulk change, a restore."""
    wanted = MiniProgram.objects.refreshable().values_list("appid", flat=True)
    # all of them each time, which takes 30 ms for ten thousand: equal numbers may hide different ones
    store.schedule_missing(wanted, now=time.time())


def refresh_claimed(
    miniprogram: MiniProgram, *, trigger: Trigger, claimed_until: float, requested_by: str = REQUESTED_BY
) -> bool:
    """Refresh one claimed token unless trouble pauses it; answer whether it is well. Raises CoordinationUnavailable."""
    try:
        if not _is_paused_by_trouble(miniprogram.appid):
            refresh_token(miniprogram, trigger=trigger, requested_by=requested_by, claimed_until=claimed_until)
    except CoordinationUnavailable:
        raise
    except WxcodeError:
        # recorded with its pause where it happened; the others go on
        return False
    return True


def _refresh_in_thread(miniprogram: MiniProgram, claimed_until: float) -> bool:
    with closing(connection):
        close_old_connections()
        return refresh_claimed(miniprogram, trigger=Trigger.SCHEDULE, claimed_until=claimed_until)


def _is_paused_by_trouble(appid: str) -> bool:
    known = trouble.find_trouble(appid)
    if known is None or time.time() >= known.until:
        return False
    store.set_due(appid, known.until)
    return True
