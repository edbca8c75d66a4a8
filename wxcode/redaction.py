"""Log records without secrets and tokens: the last line of defence behind code that never logs them."""

import logging
import re

# WeChat wants credentials in queries and JSON bodies, so that is where they would show up.
CREDENTIAL = re.compile(
    r"""((?:access_token|refresh_token|appsecret|secret|password|authorization|x-api-key)["']?\s*[=:]\s*["']?(?:Bearer\s+)?)"""
    r"""(?!\[removed\])[^\s"'&,}\]]+""",
    re.IGNORECASE,
)


# An API key of ours is recognisable by itself.
API_KEY = re.compile(r"wx[cp]_[A-Za-z0-9]{52}")


def redact(text: str) -> str:
    """`text` with the value of every credential-like parameter replaced by [removed]."""
    return API_KEY.sub("[removed]", CREDENTIAL.sub(r"\1[removed]", text))


class RedactingFormatter(logging.Formatter):
    """Replaces credential values in messages and tracebacks alike."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
