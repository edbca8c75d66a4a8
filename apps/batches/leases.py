"""When a lease on the batches of a mini-program counts: while it lasts, and only as long as one can last."""

from datetime import datetime, timedelta

from django.db.models import Q

# A dead run is replaced after its lease (and the beat of the sweep): no row waits a minute.
LEASE_SECONDS = 12.0
# A lease that ends later than this was taken by a clock that was wrong, and would keep everybody away until then.
BELIEVABLE_SECONDS = 5 * LEASE_SECONDS


def lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=LEASE_SECONDS)


def living_lease(now: datetime, *, path: str = "") -> Q:
    """The condition that somebody holds the lease of a BatchRun at `now`; `path` (`batch_run__`) leads to it."""
    return Q(**{f"{path}lease_until__gt": now, f"{path}lease_until__lt": now + timedelta(seconds=BELIEVABLE_SECONDS)})
