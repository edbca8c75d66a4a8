"""Log records without secrets and tokens: the last line of defence behind code that never logs them."""

import logging
import re
from typing import Any

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


# What ends a line or moves a cursor somewhere: in a value that a caller wrote it could begin a line of its own.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """`text` with every control character written out, a line break as \\n."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def indented(text: str) -> str:
    """The lines of a traceback, each moved in, so that none looks like the beginning of a record."""
    return "\n".join(f"  {one_line(line)}" for line in text.split("\n"))


class RedactingFormatter(logging.Formatter):
    """Replaces credential values in messages and tracebacks alike; a message is one line, whatever is in it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return indented(super().formatStack(stack_info))

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
