"""What keeps a mini-program's token from being refreshed, until when, kept in Redis beside the token."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.coordination.connection import key, redis_errors
from apps.coordination.single_flight import SharedFailure
from apps.errors import WxcodeError
from apps.tokens import policy

# Kept beyond the pause so that the next failure still counts as the next in the row.
KEPT_AFTER_PAUSE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Trouble:
    """The last failure of a refresh: until when WeChat is left alone, how often in a row, and what it said."""

    until: float
    failures: int
    at: float
    problem: dict[str, Any]

    @property
    def errcode(self) -> int | None:
        return self.problem.get("errcode")

    @property
    def is_credential(self) -> bool:
        """Whether an operator has to mend something before it makes sense to try again."""
        return policy.is_credential_trouble(errcode=self.errcode, code=self.problem["code"])

    def as_error(self, now: float) -> WxcodeError:
        """The failure, for somebody who needs a token during the pause."""
        return SharedFailure(self.problem, retry_after=max(int(self.until - now), 1))


def find_trouble(appid: str) -> Trouble | None:
    """The present trouble of `appid`, also after its pause has ended. Raises CoordinationUnavailable."""
    return find_troubles([appid]).get(appid)


def find_troubles(appids: Iterable[str]) -> dict[str, Trouble]:
    """The troubles of several mini-programs in one round trip."""
    wanted = list(appids)
    if not wanted:
        return {}
    with redis_errors() as redis:
        stored = redis.mget([_key(appid) for appid in wanted])
    return {
        appid: Trouble(**json.loads(value)) for appid, value in zip(wanted, stored, strict=True) if value is not None
    }


def record_failure(appid: str, error: WxcodeError, *, now: float) -> Trouble:
    """Begin or lengthen the pause of `appid` after `error`."""
    known = find_trouble(appid)
    failures = known.failures + 1 if known else 1
    pause = policy.pause_seconds(errcode=error.errcode, code=error.code, failures=failures)
    trouble = Trouble(until=now + pause, failures=failures, at=now, problem=error.as_problem())
    with redis_errors() as redis:
        redis.set(_key(appid), json.dumps(trouble.__dict__), ex=int(pause + KEPT_AFTER_PAUSE_SECONDS))
    return trouble


def clear_trouble(appid: str) -> None:
    """End the pause at once: the token was refreshed, or an operator has mended what was wrong."""
    with redis_errors() as redis:
        redis.delete(_key(appid), key("rejections", appid), key("rejection-pause", appid))


def clear_failure(appid: str) -> None:
    """A rejected token was replaced: the failures before it are over, but not the count of rejections."""
    with redis_errors() as redis:
        redis.delete(_key(appid))


def may_refresh_rejected(appid: str, *, version: int) -> bool:
    """Whether the rejected token of that `version` may be replaced now; counts it the first time.

    An endpoint that rejects every token must not burn the quota: each refresh within the hour
    doubles the pause before the next. One that failed, or whose process died, may be tried again.
    """
    with redis_errors() as redis:
        pause_key = key("rejection-pause", appid)
        if not redis.set(pause_key, version, nx=True, ex=int(policy.REJECTION_PAUSE[0])):
            return bool(redis.get(pause_key) == str(version).encode())
        rejections = int(redis.incr(key("rejections", appid)))
        redis.expire(key("rejections", appid), int(policy.REJECTIONS_REMEMBERED_SECONDS))
        pause = policy.rejection_pause_seconds(rejections=rejections)
        redis.expire(pause_key, int(pause))
    return True


def _key(appid: str) -> str:
    return key("trouble", appid)
