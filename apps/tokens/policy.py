"""When to refresh and how long to pause: pure decisions about times in Unix seconds, no Redis, no network."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.miniprograms.models import TokenMode

# WeChat's days end at midnight in Shanghai (assumed; the documents do not say).
WECHAT_ZONE = ZoneInfo("Asia/Shanghai")

CLASSIC_REFRESH_SECONDS = 3600.0
CLASSIC_JITTER_SECONDS = 300.0
# WeChat mints the next stable token when at most 300 s of the present one remain; asking earlier answers the same.
STABLE_RENEWAL_SECONDS = 300.0
STABLE_MARGIN_SECONDS = 20.0
STABLE_JITTER_SECONDS = 40.0
# Official overlap of old and new is 5 minutes, WeChat's nodes differ by one to two.
PREVIOUS_SERVED_SECONDS = 240.0
# WeChat's tokens live two hours. What seems to live longer, or to have been fetched later than now, was noted by a
# clock that was wrong; so far may clocks differ.
LONGEST_LIFE_SECONDS = 7200.0
CLOCK_TOLERANCE_SECONDS = 300.0
# A token this close to its end may die on the way to WeChat.
LAST_USABLE_SECONDS = 10.0
# For how long a token is promised when its planned refresh is overdue: WeChat's own advice to those who keep tokens.
# Should the refresh succeed at this moment, the token lives for five more minutes.
OVERDUE_PROMISE_SECONDS = 60.0

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
# First pause and longest pause, in seconds, after a refresh failed with this errcode; each failure doubles it.
CREDENTIAL_PAUSES = {
    40001: (10 * MINUTE, 6 * HOUR),  # on a token call it means: wrong AppSecret
    40013: (10 * MINUTE, 6 * HOUR),
    40125: (10 * MINUTE, 6 * HOUR),
    40164: (2 * MINUTE, HOUR),
    40243: (30 * MINUTE, 6 * HOUR),
    41002: (10 * MINUTE, 6 * HOUR),
    41004: (10 * MINUTE, 6 * HOUR),
    45009: (30 * MINUTE, 6 * HOUR),
    50002: (HOUR, 6 * HOUR),
    50004: (HOUR, 12 * HOUR),
    50007: (HOUR, 12 * HOUR),
    61024: (HOUR, 12 * HOUR),
    89501: (5 * MINUTE, HOUR),
    89502: (5 * MINUTE, HOUR),
    89503: (5 * MINUTE, HOUR),
    89504: (5 * MINUTE, HOUR),
    89505: (5 * MINUTE, HOUR),
    89506: (DAY, DAY),
    89507: (HOUR, HOUR),
}
# The AppSecret could not be read at all: only an operator can mend that.
NO_SECRET_PAUSE = (MINUTE, 10 * MINUTE)
# WeChat busy, slow or unreachable: soon again, but not by everybody at once.
UPSTREAM_PAUSE = (2.0, 30.0)
# Between two refreshes that were asked for because of a rejected token.
REJECTION_PAUSE = (30.0, 10 * MINUTE)
REJECTIONS_REMEMBERED_SECONDS = HOUR


def next_refresh_at(*, token_mode: str, fetched_at: float, expires_at: float, jitter: float | None = None) -> float:
    """When the refresher should look at a token again; `jitter` from 0 to 1 spreads the mini-programs."""
    share = random.random() if jitter is None else jitter  # noqa: S311  (spreading load, not a secret) # nosec B311
    if token_mode == TokenMode.CLASSIC:
        hourly = fetched_at + CLASSIC_REFRESH_SECONDS - share * CLASSIC_JITTER_SECONDS
        # a short-lived token is replaced at half its life
        return min(hourly, fetched_at + (expires_at - fetched_at) / 2)
    return max(
        expires_at - STABLE_RENEWAL_SECONDS + STABLE_MARGIN_SECONDS + share * STABLE_JITTER_SECONDS, fetched_at + 1
    )


def promised_until(*, token_mode: str, fetched_at: float, expires_at: float, now: float) -> float:
    """Until when a token can be kept without asking again; `expires_at` is its end if nobody refreshes it.

    WeChat ends a classic token soon after the next one is fetched, a stable one at its own time.
    """
    if token_mode != TokenMode.CLASSIC:
        return expires_at
    earliest = next_refresh_at(token_mode=token_mode, fetched_at=fetched_at, expires_at=expires_at, jitter=1)
    return min(expires_at, max(earliest + PREVIOUS_SERVED_SECONDS, now + OVERDUE_PROMISE_SECONDS))


def pause_seconds(*, errcode: int | None, code: str, failures: int) -> float:
    """How long to leave WeChat alone after `failures` failures in a row, the last with `errcode`/`code`."""
    if code == "secret_unavailable":
        first, longest = NO_SECRET_PAUSE
    elif errcode is not None and errcode in CREDENTIAL_PAUSES:
        first, longest = CREDENTIAL_PAUSES[errcode]
    else:
        first, longest = UPSTREAM_PAUSE
    return float(min(first * 2 ** min(failures - 1, 20), longest))


def is_credential_trouble(*, errcode: int | None, code: str) -> bool:
    """Whether only an operator can mend it, so that the refresher stops rather than tries again soon."""
    return code == "secret_unavailable" or errcode in CREDENTIAL_PAUSES


def rejection_pause_seconds(*, rejections: int) -> float:
    """How long no further refresh is made after the `rejections`-th rejected token within the hour."""
    first, longest = REJECTION_PAUSE
    return float(min(first * 2 ** min(rejections - 1, 20), longest))


def wechat_day(now: float) -> str:
    """The day, as WeChat counts its daily quotas, that the moment `now` belongs to: `2026-11-21`."""
    return f"{datetime.fromtimestamp(now, WECHAT_ZONE):%Y-%m-%d}"


def wechat_month(now: float) -> str:
    """The month as WeChat counts: `2026-11`."""
    return wechat_day(now)[:7]


def seconds_to_next_day(now: float) -> float:
    """Seconds from `now` until WeChat's daily quotas begin anew."""
    today = datetime.fromtimestamp(now, WECHAT_ZONE)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight.timestamp() - now
