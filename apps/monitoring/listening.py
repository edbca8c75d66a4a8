"""Counts calls to WeChat into the histogram, and notes that a Celery worker lives."""

import time
from typing import Any

from celery.signals import heartbeat_sent

from apps.coordination.connection import CoordinationUnavailable
from apps.coordination.counting import tally
from apps.monitoring.workers import note_worker
from apps.wechat.calls import Call, listeners

# Seconds. WeChat draws a code in 0.3 to 5 s; the last two are our own timeouts.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
HEARTBEAT_SECONDS = 10.0


class _Heartbeat:
    next_at = 0.0


def count_call(call: Call) -> None:
    """One more in the bucket that it falls into, and its seconds in the sum."""
    bucket = next((str(limit) for limit in BUCKETS if call.seconds <= limit), "+Inf")
    tally("upstream_bucket", call.endpoint, call.result, bucket)
    tally("upstream_sum", call.endpoint, call.result, amount=call.seconds)


@heartbeat_sent.connect(weak=False, dispatch_uid="wxcode-worker-heartbeat")
def note_heartbeat(sender: Any = None, **kwargs: Any) -> None:
    """Celery calls this every two seconds in each worker."""
    now = time.monotonic()
    if now < _Heartbeat.next_at:
        return
    _Heartbeat.next_at = now + HEARTBEAT_SECONDS
    hostname = getattr(getattr(sender, "eventer", None), "hostname", None)
    try:
        note_worker(str(hostname or "worker"), now=time.time())
    except CoordinationUnavailable:
        _Heartbeat.next_at = 0.0


listeners.append(count_call)
