"""The pace of code calls: one pool of permits per mini-program, in which whoever waits for an answer goes first."""

from apps.coordination.rate_limit import Reservation, acquire_permit, reserve_permits
from apps.miniprograms.models import MiniProgram
from apps.tokens.quota import code_permit_pool
from apps.wechat.types import CODE_CALLS_PER_MINUTE

# Steady permits and burst together stay below WeChat's 5,000 in any minute, with room for uneven networks.
PERMITS_PER_MINUTE = CODE_CALLS_PER_MINUTE - 40
PERMIT_BURST = 30
# An interactive request rather hears 429 than waits longer.
PERMIT_WAIT_SECONDS = 3.0
# Batches plan this far ahead (16 calls): a stalled thread loses no permit, and half of the burst stays for people.
AHEAD_SECONDS = 0.19


def take_permit(miniprogram: MiniProgram) -> None:
    """Wait for the permit of one code call that somebody waits for.

    Raises PermitRefused (429), CoordinationUnavailable.
    """
    acquire_permit(
        code_permit_pool(miniprogram.appid),
        limit=PERMITS_PER_MINUTE,
        period_seconds=60,
        burst=PERMIT_BURST,
        max_wait_seconds=PERMIT_WAIT_SECONDS,
    )


def plan_permits(miniprogram: MiniProgram, *, count: int) -> Reservation:
    """Permits for up to `count` code calls of a batch, at moments to come. Raises CoordinationUnavailable."""
    return reserve_permits(
        code_permit_pool(miniprogram.appid),
        limit=PERMITS_PER_MINUTE,
        period_seconds=60,
        count=count,
        ahead_seconds=AHEAD_SECONDS,
    )
