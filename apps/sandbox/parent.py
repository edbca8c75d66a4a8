"""Ending together with the process that started this one, however that one ends."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 1.0


def die_with_parent() -> None:
    """Ask Linux for SIGTERM when the parent is gone; elsewhere this does nothing."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


async def parent_is_gone(parent: int) -> None:
    """Return once `parent` is no longer the parent: where the kernel cannot tell, or it ended before it was asked."""
    while os.getppid() == parent:
        await asyncio.sleep(POLL_SECONDS)
