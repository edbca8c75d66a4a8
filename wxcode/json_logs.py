"""Log records as one JSON object per line, each value without credentials."""

import logging
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from wxcode.redaction import CONTROL, redact

# the names that searching in logs relies on; absent ones are left out
KNOWN = (
    "request_id",
    "appid",
    "reader",
    "address",
    "errcode",
    "error",
    "rid",
    "duration_ms",
    "endpoint",
    "method",
    "path",
    "status",
)


class RedactingJsonFormatter(JsonFormatter):
    """Time, level, logger, message, traceback, and what of KNOWN the record has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """RFC 3339 in UTC: collectors read a time without its zone as UTC, eight hours off."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: Any) -> str:
        # JSON escapes line feeds by itself; some readers of lines break at these as well
        return CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", super().format(record))

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Every text redacted; nothing besides the known names, so that no object's attribute slips in."""
        allowed = {"time", "level", "logger", "message", "exc_info", "stack_info", *KNOWN}
        return {
            name: redact(value) if isinstance(value, str) else value
            for name, value in log_data.items()
            if name in allowed and value not in (None, "")
        }
