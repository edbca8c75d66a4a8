"""`python -m wxcode.stack.reloading WORDS`: runs `python WORDS`, and starts it again when the code changes."""

import shlex
import signal
import sys
from pathlib import Path

from watchfiles import Change, PythonFilter, run_process

from wxcode.environment import BASE_DIR
from wxcode.stack import lifeline

# of translations what is read are the compiled ones; templates are read anew by every request
LOADED_ONCE = PythonFilter(extra_extensions=[".mo"])
# as long as the supervisor leaves those who work on requests or tasks, less what it takes to be told
STOP_SECONDS = 5


def tell(changes: set[tuple[Change, str]]) -> None:
    """Into the log of the process."""
    names = sorted(str(Path(path).relative_to(BASE_DIR)) for _change, path in changes)
    print(f"[INFO] Starting again after a change of {', '.join(names)}", flush=True)


def main() -> None:
    """Until SIGINT or SIGTERM; a process that ends by itself is waited for a change with."""
    command = lifeline.command_line(signal.SIGKILL, [sys.executable, *sys.argv[1:]])
    run_process(
        *(BASE_DIR / name for name in ("apps", "wxcode")),
        target=shlex.join(command),
        target_type="command",
        callback=tell,
        watch_filter=LOADED_ONCE,
        sigint_timeout=STOP_SECONDS,
    )


if __name__ == "__main__":
    main()
