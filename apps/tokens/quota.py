"""The quota meter: what each mini-program has used of WeChat's daily and monthly allowances, counted in Redis."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.coordination.rate_limit import count_all_permits_this_minute
from apps.errors import WxcodeError
from apps.miniprograms.models import TokenMode
from apps.tokens import policy
from apps.wechat.types import (
    FORCED_REFRESH_GAP_SECONDS,
    FORCED_REFRESHES_PER_DAY,
    QUOTA_CLEARS_PER_MONTH,
    TOKEN_FETCHES_PER_DAY,
)

# Allowances per day by token mode; the stable endpoint's is so large that it never matters.
FETCHES_PER_DAY = {TokenMode.CLASSIC.value: TOKEN_FETCHES_PER_DAY, TokenMode.STABLE.value: 500_000}
WARN_SHARE, REFUSE_SHARE = 0.5, 0.9
KEPT_SECONDS = 3 * 86_400

# One permission to force: at most ARGV[1] a day and ARGV[2] seconds apart; ARGV[3] is now.
FORCE = """
local used = tonumber(redis.call('HGET', KEYS[1], 'forced') or '0')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if used >= tonumber(ARGV[1]) or tonumber(ARGV[3]) - last < tonumber(ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'forced', 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SET', KEYS[2], ARGV[3], 'EX', 3600)
return 1
"""


class QuotaGuarded(WxcodeError):
    """wxcode itself declines a fetch that could wait, because the day's quota is nearly gone."""

    code = "token_quota_guarded"
    title = _("The day’s token quota is nearly used up")
    http_status = 503
    is_retryable = True


@dataclass(frozen=True)
class QuotaUse:
    """What a mini-program has used today (Asia/Shanghai), and of the month's quota clears."""

    fetches: int
    fetch_limit: int
    forced: int
    forced_limit: int
    clears: int
    clear_limit: int

    @property
    def share(self) -> float:
        return self.fetches / self.fetch_limit

    @property
    def is_warning(self) -> bool:
        return self.share >= WARN_SHARE


def count_fetch(appid: str, *, token_mode: str, now: float, count: int = 1) -> None:
    """Count one token call to WeChat, or take it back; without Redis it goes uncounted rather than unmade."""
    day = _day_key(appid, now)
    with suppress(CoordinationUnavailable), redis_errors() as redis:
        redis.pipeline(transaction=False).hincrby(day, token_mode, count).expire(day, KEPT_SECONDS).execute()


def refuse_if_nearly_gone(appid: str, *, token_mode: str, now: float) -> None:
    """Raise QuotaGuarded when 90 % of the day's fetches are used; for fetches that nobody is waiting for."""
    use = read_use(appid, token_mode=token_mode, now=now)
    if use.share >= REFUSE_SHARE:
        raise QuotaGuarded(
            _("%(used)d of about %(limit)d token fetches of today are used; the rest is kept for emergencies.")
            % {"used": use.fetches, "limit": use.fetch_limit},
            advice=_("Find out which system fetches so often (token events), or reset the API quotas in the admin."),
            retry_after=int(policy.seconds_to_next_day(now)),
        )


def may_force(appid: str, *, now: float) -> bool:
    """Take one of the day's forced refreshes, if there is one and the last is 30 s ago."""
    with redis_errors() as redis:
        return bool(
            redis.eval(
                FORCE,
                2,
                _day_key(appid, now),
                key("forced-at", appid),
                FORCED_REFRESHES_PER_DAY,
                FORCED_REFRESH_GAP_SECONDS,
                f"{now:.3f}",
                KEPT_SECONDS,
            )
        )


def count_clear(appid: str, *, now: float) -> None:
    """Count one quota clear of this month, and start the day's count anew."""
    with redis_errors() as redis:
        month = key("quota-clears", appid, policy.wechat_month(now))
        redis.pipeline(transaction=False).incr(month).expire(month, 32 * 86_400).execute()
        redis.hdel(_day_key(appid, now), *FETCHES_PER_DAY)


def read_use(appid: str, *, token_mode: str, now: float) -> QuotaUse:
    """The meter of `appid`. Raises CoordinationUnavailable."""
    return read_uses({appid: token_mode}, now=now)[appid]


def read_uses(modes: dict[str, str], *, now: float) -> dict[str, QuotaUse]:
    """The meters of several mini-programs (appid -> token mode) in one round trip."""
    day, month = policy.wechat_day(now), policy.wechat_month(now)
    with redis_errors() as redis:
        pipeline = redis.pipeline(transaction=False)
        for appid, mode in modes.items():
            pipeline.hmget(key("quota", appid, day), [mode, "forced"])
            pipeline.get(key("quota-clears", appid, month))
        answers = pipeline.execute()
    uses = {}
    for position, (appid, mode) in enumerate(modes.items()):
        fetches, forced = answers[2 * position]
        uses[appid] = QuotaUse(
            fetches=int(fetches or 0),
            fetch_limit=FETCHES_PER_DAY[mode],
            forced=int(forced or 0),
            forced_limit=FORCED_REFRESHES_PER_DAY,
            clears=int(answers[2 * position + 1] or 0),
            clear_limit=QUOTA_CLEARS_PER_MONTH,
        )
    return uses


def code_permit_pool(appid: str) -> str:
    """The name of the pool of permits that every code call of `appid` shares."""
    return f"codes:{appid}"


def count_code_calls(appids: Iterable[str]) -> dict[str, int]:
    """How many code calls each was granted in the present minute. Raises CoordinationUnavailable."""
    pools = {code_permit_pool(appid): appid for appid in appids}
    return {pools[pool]: count for pool, count in count_all_permits_this_minute(pools).items()}


def _day_key(appid: str, now: float) -> str:
    return key("quota", appid, policy.wechat_day(now))
