"""granian, begun when the application is loaded: `python -m wxcode.serve --interface wsgi ... wxcode.wsgi:application`.

Its workers are forked from the loaded application: two of them take 118 MB instead of 180 MB, and one that died is
replaced at once instead of after three seconds. Each connects to the database and to Redis before it answers anybody.
Options and variables are granian's own. Loading must leave nothing open that processes cannot share: no thread, no
connection (a test holds it).
"""

import os
import signal
from typing import Any

from django.conf import settings
from granian.cli import entrypoint
from granian.log import LOGGING_CONFIG

from wxcode.starting import require_own_data, require_settings

require_settings()
require_own_data()

import wxcode.wsgi  # noqa: E402, F401  (what is loaded here is loaded in the workers)
from wxcode.warm_up import connect  # noqa: E402


def begin() -> None:
    """In a forked worker, before granian's own part of it."""
    # the handler is the parent's until granian sets another one, and would only note that it was called
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connect()


if __name__ == "__main__":
    if settings.LOG_FORMAT == "json":
        # its own lines as well, or a collector stumbles over them
        granian_s: dict[str, Any] = LOGGING_CONFIG
        granian_s["formatters"]["generic"] = {"()": "wxcode.json_logs.RedactingJsonFormatter"}
    # nothing else is forked from here
    os.register_at_fork(after_in_child=begin)
    entrypoint()  # type: ignore[no-untyped-call]
