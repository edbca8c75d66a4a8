"""What WeChat knows about one app: its secret, pages, addresses, tokens and used quotas."""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from apps.sandbox import limits
from apps.sandbox.limits import MinuteQuota, PeriodQuota
from apps.sandbox.tokens import TokenPool
from apps.sandbox.validation import ENV_VERSIONS

APPID = re.compile(r"wx[0-9a-f]{16}")
POOLS = ("classic", "stable")


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass
class App:
    """One registered appid. `pages[env_version]` None: nobody listed the pages, every page exists.

    `token_errcode` and `api_errcode`: the answer to every token call, and to every call with a token, if not 0.
    """

    appid: str
    secret_hash: str
    pages: dict[str, list[str] | None] = field(default_factory=lambda: dict.fromkeys(ENV_VERSIONS))
    allowed_ips: list[str] | None = None
    frozen: bool = False
    token_errcode: int = 0
    api_errcode: int = 0
    code_calls_per_minute: int = limits.CODE_CALLS_PER_MINUTE
    last_forced_at: float | None = None
    limited_codes_used: int = 0
    unchecked_pages: set[str] = field(default_factory=set)
    pools: dict[str, TokenPool] = field(default_factory=lambda: {name: TokenPool() for name in POOLS})
    fetches: PeriodQuota = field(default_factory=lambda: PeriodQuota(limits.TOKEN_FETCHES_PER_DAY))
    stable_calls: PeriodQuota = field(default_factory=lambda: PeriodQuota(limits.STABLE_TOKEN_CALLS_PER_DAY))
    forced_refreshes: PeriodQuota = field(default_factory=lambda: PeriodQuota(limits.FORCED_REFRESHES_PER_DAY))
    quota_clears: PeriodQuota = field(default_factory=lambda: PeriodQuota(limits.QUOTA_CLEARS_PER_MONTH))
    stable_minute: MinuteQuota = field(default_factory=lambda: MinuteQuota(limits.STABLE_TOKEN_CALLS_PER_MINUTE))
    code_minute: MinuteQuota = field(init=False)

    def __post_init__(self) -> None:
        self.code_minute = MinuteQuota(self.code_calls_per_minute)

    def knows(self, secret: str) -> bool:
        return hmac.compare_digest(self.secret_hash, hash_secret(secret))

    def allows(self, ip: str) -> bool:
        if not self.allowed_ips:
            return True
        address = ipaddress.ip_address(ip)
        return any(address in ipaddress.ip_network(entry, strict=False) for entry in self.allowed_ips)

    def has_page(self, page: str, env_version: str) -> bool:
        """Whether the page is in that version; the empty page is the home page, and every version has one."""
        known: Collection[str] | None = self.pages[env_version]
        return not page or known is None or page in known

    def take_unchecked_page(self, page: str) -> bool:
        """Remember a page of a `check_path: false` call; False if it would be one distinct page too many."""
        if page not in self.unchecked_pages and len(self.unchecked_pages) >= limits.UNCHECKED_PAGES:
            return False
        self.unchecked_pages.add(page)
        return True

    def take_limited_code(self) -> bool:
        """Use one of the codes that last a lifetime; False if none is left."""
        if self.limited_codes_used >= limits.LIFETIME_CODES:
            return False
        self.limited_codes_used += 1
        return True

    def limit_codes(self, per_minute: int) -> None:
        """Change the calls per minute for codes; the count of the running minute starts again if it differs."""
        if per_minute != self.code_calls_per_minute:
            self.code_calls_per_minute = per_minute
            self.code_minute = MinuteQuota(per_minute)

    def clear_quotas(self) -> None:
        quotas: tuple[PeriodQuota | MinuteQuota, ...] = (
            self.fetches,
            self.stable_calls,
            self.forced_refreshes,
            self.stable_minute,
            self.code_minute,
        )
        for quota in quotas:
            quota.clear()

    def as_json(self) -> dict[str, Any]:
        """Everything that a restart must not forget; only the counts of the running minute are left out."""
        data = {name: getattr(self, name) for name in PLAIN_FIELDS}
        data["unchecked_pages"] = sorted(self.unchecked_pages)
        data["pools"] = {name: pool.as_json() for name, pool in self.pools.items()}
        return data | {name: vars(getattr(self, name)) for name in QUOTA_FIELDS}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "App":
        data = dict(data)
        data["unchecked_pages"] = set(data["unchecked_pages"])
        data["pools"] = {name: TokenPool.from_json(pool) for name, pool in data["pools"].items()}
        data |= {name: PeriodQuota(**data[name]) for name in QUOTA_FIELDS}
        return cls(**data)


PLAIN_FIELDS = (
    "appid",
    "secret_hash",
    "pages",
    "allowed_ips",
    "frozen",
    "token_errcode",
    "api_errcode",
    "code_calls_per_minute",
    "last_forced_at",
    "limited_codes_used",
)
QUOTA_FIELDS = ("fetches", "stable_calls", "forced_refreshes", "quota_clears")
