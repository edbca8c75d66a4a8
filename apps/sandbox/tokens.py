"""The two-slot token store: a new token, the one before it for some minutes, and nothing older."""

import re
import secrets
from dataclasses import dataclass
from typing import Any

LIFE_SECONDS = 7_200
OVERLAP_SECONDS = 300
# A real token is 136, 156 or 157 characters; its number grew from 85 in October 2024 by about one a month.
LENGTHS = (136, 156, 157)
GENERATION_AT = 1_727_740_800
GENERATION = 85
MONTH_SECONDS = 2_629_800
WELL_FORMED = re.compile(r"\d{1,4}_[A-Za-z0-9_-]{32,512}")


@dataclass
class Token:
    """`expires_at` is what its reader was told; `usable_until` is when WeChat really stops taking it."""

    value: str
    expires_at: float
    usable_until: float
    doubts: int = 0


def new_value(now: float) -> str:
    """An opaque value in the shape of the real ones: `<int>_<base64url>`."""
    generation = max(GENERATION + int((now - GENERATION_AT) // MONTH_SECONDS), 1)
    length = secrets.choice(LENGTHS) - len(str(generation)) - 1
    return f"{generation}_{secrets.token_urlsafe(length)[:length]}"


class TokenPool:
    """One of the two isolated pools of an app: `classic` (/cgi-bin/token) or `stable` (/cgi-bin/stable_token)."""

    def __init__(self, *, current: Token | None = None, previous: Token | None = None) -> None:
        self.current = current
        self.previous = previous

    def rotate(self, now: float, *, is_renewal: bool = False) -> Token:
        """Mint a token. The current one becomes the previous one, the previous one is gone at once.

        A superseded token works for 5 more minutes; in an early renewal (`is_renewal`) until the expiry it was given.
        """
        old = self.current
        if old is not None and old.expires_at > now and not is_renewal:
            old.usable_until = now + OVERLAP_SECONDS
        self.previous = old
        self.current = Token(new_value(now), now + LIFE_SECONDS, now + LIFE_SECONDS)
        return self.current

    def remaining(self, now: float) -> int:
        """Whole seconds that the current token has left; 0 without one."""
        return max(int(self.current.expires_at - now), 0) if self.current else 0

    def errcode_for(self, value: str, now: float, *, skew_seconds: float = 0.0) -> int:
        """0 if WeChat takes this token now; 42001 if it aged out, 40001 if it was superseded or is unknown."""
        if self.current is not None and value == self.current.value:
            return 0 if now < self.current.usable_until else 42001
        old = self.previous
        if old is None or value != old.value:
            return 40001
        if now >= old.usable_until:
            return 42001 if now >= old.expires_at else 40001
        if now >= old.usable_until - skew_seconds:
            # every second node's clock is ahead: the same old token passes, fails, passes
            old.doubts += 1
            return 0 if old.doubts % 2 else 40001
        return 0

    def values(self) -> list[str]:
        return [token.value for token in (self.current, self.previous) if token]

    def as_json(self) -> dict[str, Any]:
        return {name: vars(token) if token else None for name, token in vars(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "TokenPool":
        return cls(**{name: Token(**token) if token else None for name, token in data.items()})
