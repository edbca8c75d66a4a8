"""What a failed call means for a batch: the row is wrong, try it again, or leave WeChat alone for a while. Pure."""

from enum import Enum

from apps.errors import WxcodeError

# A row that fails in passing is asked for again this often, then given up.
MAX_ATTEMPTS = 5
# So many failures in passing one after the other are no longer the rows' own.
TROUBLE_STREAK = 10
# So many refusals of rows with the same errcode one after the other: somebody should look before the rest is spent.
REFUSAL_STREAK = 50
# WeChat says to come back after a minute or more: its quota, not a passing overload.
LONG_RETRY_AFTER = 30
LONGEST_PAUSE = 300.0


class Verdict(Enum):
    """What becomes of the row, and of the batch."""

    FAIL_ROW = "fail"
    TRY_AGAIN = "again"
    HOLD = "hold"
    HOLD_FOR_PERSON = "person"


# First and longest pause in seconds; each failure in a row doubles it. A probe during a pause is one call at most.
PAUSES = {
    "redis_unavailable": (1.0, 5.0),
    "database_unavailable": (1.0, 5.0),
    "too_many_requests": (2.0, 10.0),
    "waited_too_long": (2.0, 20.0),
    "storage_unavailable": (5.0, 60.0),
    # WeChat was not even asked; the next try is due when it says so
    "wechat_circuit_open": (1.0, 15.0),
    "wechat_refused_credentials": (15.0, 120.0),
    "token_rejected": (5.0, 120.0),
    "token_quota_guarded": (60.0, 300.0),
    "wechat_quota_exhausted": (60.0, 300.0),
    "secret_unavailable": (10.0, 60.0),
    "miniprogram_inactive": (5.0, 30.0),
    "sandbox_not_configured": (10.0, 60.0),
}
# Nobody knows whether WeChat did the work.
PASSING = frozenset({"wechat_timeout", "wechat_unreachable", "wechat_malformed_response"})
PASSING_PAUSE = (1.0, 60.0)
BUSY, LEFT_ALONE, LIMIT_REACHED = "wechat_busy", "wechat_circuit_open", "wechat_limit_reached"


def judge(error: WxcodeError) -> Verdict:
    """What one failed call means by itself."""
    if error.code in PAUSES:
        return Verdict.HOLD
    if error.code == BUSY:
        return Verdict.HOLD if (error.retry_after or 0) >= LONG_RETRY_AFTER else Verdict.TRY_AGAIN
    if error.code in PASSING:
        return Verdict.TRY_AGAIN
    # a permanent limit refuses every other row as well
    return Verdict.HOLD_FOR_PERSON if error.code == LIMIT_REACHED else Verdict.FAIL_ROW


def is_answer_lost(error: WxcodeError) -> bool:
    """Whether WeChat may have made the code all the same."""
    return error.code in PASSING


def pause_seconds(error: WxcodeError, *, in_a_row: int) -> float:
    """How long to pause after the `in_a_row`-th hold without a code in between (1 the first time)."""
    first, longest = PAUSES.get(error.code, PASSING_PAUSE)
    grown = min(first * 2 ** min(in_a_row - 1, 10), longest)
    asked = error.retry_after or 0 if error.code in (BUSY, LEFT_ALONE, "wechat_quota_exhausted") else 0
    return float(min(max(grown, asked), LONGEST_PAUSE))
