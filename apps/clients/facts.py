"""Who a key belongs to, remembered for three seconds, so that a busy key costs no query per call."""

import hmac
import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from django.views.decorators.debug import sensitive_variables

from apps.clients.caller import Caller
from apps.clients.keys import hash_key, is_well_formed
from apps.clients.models import ApiClient
from apps.clients.validation import PUBLISHABLE_SCOPES, parse_network

# A revoked key is refused by every process within this time.
TTL_SECONDS = 3.0
KNOWN_KEYS = 4096
# apart from the known ones, so that a flood of invented keys cannot push those out
UNKNOWN_KEYS = 1024

READ = (
    "key_hash",
    "previous_key_hash",
    "previous_key_ends_at",
    "id",
    "name",
    "scopes",
    "is_limited",
    "origins",
    "networks",
    "expires_at",
    "rate_limit",
    "is_publishable",
    "miniprograms__appid",
)

T = TypeVar("T")


class ShortMemory(Generic[T]):
    """A bounded map of names to T whose entries last TTL_SECONDS; the oldest makes room for the newest."""

    # the default looks the clock up at each call, because tests move it
    def __init__(self, *, size: int, clock: Callable[[], float] = lambda: time.monotonic()) -> None:
        self._size = size
        self._clock = clock
        self._entries: dict[Hashable, tuple[float, T]] = {}
        # how often everything was forgotten: an answer read before that must not be kept after it
        self.generation = 0
        self._lock = threading.Lock()

    def find(self, name: Hashable) -> T | None:
        entry = self._entries.get(name)
        return entry[1] if entry is not None and self._clock() < entry[0] else None

    def keep(self, name: Hashable, value: T, *, generation: int) -> None:
        with self._lock:
            if generation != self.generation:
                return
            self._entries.pop(name, None)
            if len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[name] = (self._clock() + TTL_SECONDS, value)

    def forget(self) -> None:
        with self._lock:
            self.generation += 1
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


known_callers: ShortMemory[Caller] = ShortMemory(size=KNOWN_KEYS)
unknown_keys: ShortMemory[bool] = ShortMemory(size=UNKNOWN_KEYS)
browser_origins: ShortMemory[frozenset[str]] = ShortMemory(size=1)


def forget_everything() -> None:
    """Called by the signals in this process; other processes forget by time."""
    for memory in (known_callers, unknown_keys, browser_origins):
        memory.forget()


@sensitive_variables()
def find_caller(key: str) -> Caller | None:
    """The caller whose active client has `key`, or None. Says nothing of expiry and network: `Caller.find_refusal`."""
    if not is_well_formed(key):
        return None
    key_hash = hash_key(key)
    caller = known_callers.find(key_hash)
    if caller is not None or unknown_keys.find(key_hash):
        return caller
    generations = known_callers.generation, unknown_keys.generation
    caller = read_caller(key_hash)
    if caller is None:
        unknown_keys.keep(key_hash, True, generation=generations[1])
    else:
        known_callers.keep(key_hash, caller, generation=generations[0])
    return caller


def recall_caller(key: str) -> Caller | None:
    """What `find_caller` answers where no query is needed for it, else None."""
    return known_callers.find(hash_key(key)) if is_well_formed(key) else None


def read_caller(key_hash: str) -> Caller | None:
    """One query; a client with several mini-programs comes as several rows that differ in the appid."""
    rows = list(ApiClient.objects.answering_to(key_hash).filter(is_active=True).order_by().values(*READ))
    if not rows:
        return None
    row = rows[0]
    # the index may compare by another rule than bytes, and in another time than constant
    is_present_key = hmac.compare_digest(row["key_hash"], key_hash)
    if not is_present_key and not hmac.compare_digest(row["previous_key_hash"] or "", key_hash):
        return None
    appids = frozenset(other["miniprograms__appid"] for other in rows if other["miniprograms__appid"])
    scopes, is_publishable = frozenset(row["scopes"]), row["is_publishable"]
    ends = [row["expires_at"], None if is_present_key else row["previous_key_ends_at"]]
    return Caller(
        name=row["name"],
        client_id=row["id"],
        user_id=None,
        scopes=scopes & PUBLISHABLE_SCOPES if is_publishable else scopes,
        # a publishable key never means every mini-program, whatever became of its row
        appids=appids if row["is_limited"] or is_publishable else None,
        origins=frozenset(row["origins"]),
        networks=tuple(parse_network(network) for network in row["networks"]),
        expires_at=min((end for end in ends if end is not None), default=None),
        rate_limit=row["rate_limit"],
        is_publishable=is_publishable,
        is_previous_key=not is_present_key,
    )


def known_origins() -> frozenset[str]:
    """Every origin that some active client lists, at most TTL_SECONDS old."""
    found = browser_origins.find("all")
    if found is None:
        generation = browser_origins.generation
        listed = ApiClient.objects.active().exclude(origins=[]).values_list("origins", flat=True)
        found = frozenset(origin for origins in listed for origin in origins)
        browser_origins.keep("all", found, generation=generation)
    return found
