"""The command lines of the stack's Python processes."""

from pathlib import Path
from urllib.parse import urlsplit

# A picture may be on its way from WeChat when Ctrl-C comes; after this many seconds it is cut off.
WEB_STOP_SECONDS = 4


def web(*, host: str, port: int, threads: int, workers: int = 1) -> list[str]:
    words = ["-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    words += ["--workers", str(workers), "--blocking-threads", str(threads), "--no-ws"]
    words += ["--workers-kill-timeout", str(WEB_STOP_SECONDS)]
    return [*words, "wxcode.stack.web:application"]


def worker() -> list[str]:
    # threads: no child processes, so nothing can be left behind
    words = ["-m", "celery", "-A", "wxcode", "worker", "--pool", "threads", "--concurrency", "4"]
    return [*words, "--without-gossip", "--without-mingle", "--loglevel", "INFO"]


def beat(*, data_dir: Path) -> list[str]:
    words = ["-m", "celery", "-A", "wxcode", "beat", "--loglevel", "INFO"]
    return [*words, "--schedule", str(data_dir / "celerybeat-schedule")]


def sandbox(*, url: str, data_dir: Path) -> list[str]:
    words = ["-m", "apps.sandbox", "--port", str(urlsplit(url).port), "--auto-register"]
    return [*words, "--state", str(data_dir / "sandbox.json")]


def reloaded(words: list[str]) -> list[str]:
    """`words`, started again when the code changes."""
    return ["-m", "wxcode.stack.reloading", *words]


def first_run() -> list[str]:
    return ["-m", "wxcode.stack.first_run"]
