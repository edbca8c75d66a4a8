"""Which mini-program a handed-out token speaks for, and what each caller was told; no token is a name in Redis."""

import math
import threading
import time
from dataclasses import dataclass
from enum import StrEnum

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from apps.coordination.connection import CoordinationUnavailable, key, redis_errors
from apps.tokens import store
from apps.tokens.local_memory import UsableToken, recall

# A token stays known beyond its end, so that its holder hears "expired" and not "never heard of it".
KEPT_AFTER_END_SECONDS = 3600
OWNERS_REMEMBERED = 4096

# per process, by fingerprint: for the time when Redis is away
_owners: dict[str, str] = {}
_owners_lock = threading.Lock()


class Standing(StrEnum):
    """What a token that somebody shows is worth."""

    SERVED = "served"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Told:
    """What a caller was told last: which token (its fingerprint), and until when it can keep it, in Unix seconds."""

    fingerprint: str
    until: float

    def is_about(self, token: UsableToken) -> bool:
        return self.fingerprint == fingerprint(token.value)


@sensitive_variables()
def fingerprint(token: str) -> str:
    """A keyed hash, by which a token is found again without being kept."""
    return salted_hmac("wxcode.tokens.handed_out", token, algorithm="sha256").hexdigest()


@sensitive_variables("token")
def note_owner(appid: str, token: UsableToken) -> None:
    """Remember that `token` speaks for `appid`. Raises CoordinationUnavailable."""
    known = fingerprint(token.value)
    _remember_owner(known, appid)
    with redis_errors() as redis:
        redis.set(
            key("token-owner", known),
            f"{appid} {token.expires_at:.3f}",
            exat=math.ceil(token.expires_at) + KEPT_AFTER_END_SECONDS,
        )


@sensitive_variables("token")
def note_owner_once(appid: str, token: UsableToken) -> None:
    """The same, unless this process has done so: whoever stores a token notes it, so this is for older ones."""
    if fingerprint(token.value) not in _owners:
        note_owner(appid, token)


@sensitive_variables()
def find_owner(value: str) -> tuple[str | None, Standing]:
    """The appid that the token `value` speaks for, None if it was never handed out, and what it is worth now.

    Served are the current token and the one before it inside its window; while Redis is away, the last token
    that this process saw. Raises CoordinationUnavailable for any other then.
    """
    known = fingerprint(value)
    try:
        with redis_errors() as redis:
            found = redis.get(key("token-owner", known))
        return (None, Standing.UNKNOWN) if found is None else _judge(value, *found.decode().split(" "))
    except CoordinationUnavailable:
        appid = _owners.get(known, "")
        seen = recall(appid, rejected=None, now=time.time())
        if seen is None or seen.value != value:
            raise
        return appid, Standing.SERVED


@sensitive_variables("value")
def _judge(value: str, appid: str, expires_at: str) -> tuple[str, Standing]:
    now = time.time()
    if now >= float(expires_at):
        return appid, Standing.EXPIRED
    record = store.find_record(appid)
    is_served = record is not None and (
        (value == record.value and now < record.expires_at) or record.is_previous(value, now)
    )
    return appid, Standing.SERVED if is_served else Standing.SUPERSEDED


def _remember_owner(known: str, appid: str) -> None:
    with _owners_lock:
        while len(_owners) >= OWNERS_REMEMBERED:
            # the oldest makes room
            del _owners[next(iter(_owners))]
        _owners[known] = appid


@sensitive_variables("token")
def note_told(appid: str, *, client_id: int, token: UsableToken) -> None:
    """Remember what the client is told now. Raises CoordinationUnavailable."""
    until = token.promised_until(time.time())
    with redis_errors() as redis:
        redis.set(_told_key(appid, client_id), f"{fingerprint(token.value)} {until:.3f}", exat=math.ceil(until) + 1)


def find_told(appid: str, *, client_id: int) -> Told | None:
    """What the client was told last, None if nothing that still lives. Raises CoordinationUnavailable."""
    with redis_errors() as redis:
        found = redis.get(_told_key(appid, client_id))
    if found is None:
        return None
    known, until = found.decode().split(" ")
    return Told(known, float(until))


def _told_key(appid: str, client_id: int) -> str:
    return key("told", appid, client_id)
