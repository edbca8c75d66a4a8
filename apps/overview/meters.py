"""Allowances that run out: the day's token fetches and the 100,000 limited codes, the fullest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.codes.models import LIFETIME_WARN_SHARE, LifetimePool
from apps.tokens.overview import Overview
from apps.wechat.types import LIFETIME_CODES

SHOWN = 6


@dataclass(frozen=True)
class PoolMeter:
    """How much of the 100,000 is gone; `uncertain` answers were lost and count as gone."""

    used: int = 0
    uncertain: int = 0
    limit: int = LIFETIME_CODES
    warn_at: int = int(LIFETIME_CODES * LIFETIME_WARN_SHARE)

    @property
    def gone(self) -> int:
        return self.used + self.uncertain

    @property
    def share(self) -> float:
        return self.gone / self.limit

    @property
    def percent(self) -> int:
        return round(self.share * 100)

    @property
    def is_warning(self) -> bool:
        return self.gone >= self.warn_at


@dataclass(frozen=True)
class Meters:
    """Both meters of one mini-program."""

    overview: Overview
    pool: PoolMeter

    @property
    def share(self) -> float:
        use = self.overview.use
        return max(use.share if use else 0.0, self.pool.share)


def find_meters(overviews: Sequence[Overview]) -> list[Meters]:
    """Both meters of each active one, the fullest first. One query."""
    pools = {pool.miniprogram_id: PoolMeter(pool.used, pool.uncertain) for pool in LifetimePool.objects.all()}
    active = [overview for overview in overviews if overview.miniprogram.is_active]
    meters = [Meters(overview, pools.get(overview.miniprogram.pk, PoolMeter())) for overview in active]
    return sorted(meters, key=lambda each: -each.share)
