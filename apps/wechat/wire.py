"""One request and one answer as they cross the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request, ready to be sent. `credentials` are the values that no text may ever show."""

    method: str
    path: str
    query: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    credentials: tuple[str, ...] = field(default=(), repr=False)
    # the call hands out a token, so "your credential is wrong" is about the secret
    is_token_call: bool = False
    # drawing takes WeChat seconds: the long timeout, and a quota per minute
    is_code_call: bool = False
    # sending it twice costs nothing that matters; what costs one of the 100,000 codes is never sent twice by itself
    is_repeatable: bool = True

    @property
    def target(self) -> str:
        """Path and query as they go on the request line, credentials included."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What came back: the HTTP status and the undecoded body; headers are not trusted, so one alone is here."""

    status: int
    body: bytes = field(repr=False)
    # the header `Num-Used` as it came: nothing else says how many codes of the 100,000 are gone
    num_used: str = ""
