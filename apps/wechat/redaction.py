"""Texts without credentials: for WeChat's own messages, and for what the HTTP libraries log."""

import logging
import re
from collections.abc import Iterable

REMOVED = "[removed]"
# WeChat wants credentials in queries and JSON bodies; its texts were seen to quote either.
PARAMETER = re.compile(
    rf"""((?:access_token|refresh_token|component_ticket|verify_ticket|appsecret|secret)["']?\s*[=:]\s*["']?)(?!{re.escape(REMOVED)})[^\s"'&,}}\]]+""",
    re.IGNORECASE,
)
# An AppSecret is 32 hex digits; tokens of 136 and more characters were seen, a rid has 26 and groups of 8.
OPAQUE = re.compile(r"(?<![A-Za-z0-9_-])(?:[0-9a-fA-F]{32}|[A-Za-z0-9_-]{48,})(?![A-Za-z0-9_-])")


def without_credentials(text: str, *, known: Iterable[str] = ()) -> str:
    """`text` with every one of the `known` values, and whatever looks like a credential, replaced."""
    for value in known:
        if value:
            text = text.replace(value, REMOVED)
    return OPAQUE.sub(REMOVED, PARAMETER.sub(rf"\1{REMOVED}", text))


class CredentialFilter(logging.Filter):
    """Rewrites a record whose text would show a credential, before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        cleaned = without_credentials(text)
        if cleaned != text:
            record.msg, record.args = cleaned, ()
        return True


# urllib3 writes whole addresses: at DEBUG for every request, at WARNING for headers that it cannot parse.
for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry", "urllib3.response"):
    logging.getLogger(_name).addFilter(CredentialFilter())
