"""The sandbox as its own process, for tests: start it, order its control door, stop it."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

ROOT = Path(__file__).resolve().parent.parent
READY = "sandbox WeChat listening on "
TIMEOUT_SECONDS = 60


class SandboxProcess:
    """`with SandboxProcess() as sandbox:` starts `python -m apps.sandbox --port 0`; `.url` is where it listens.

    Further command line options are given as strings: `SandboxProcess("--auto-register")`.
    """

    def __init__(self, *options: str) -> None:
        self.options = options
        self.url = ""

    def __enter__(self) -> Self:
        # die with this one even if it is killed, so that no test run leaves an orphan
        command = [sys.executable, "-m", "apps.sandbox", "--port", "0", "--die-with-parent", *self.options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith(READY):
            self.stop()
            raise RuntimeError(f"the sandbox did not start: {line!r}")
        self.url = line.removeprefix(READY).strip()
        self.session = requests.Session()
        self.session.trust_env = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()
        self.stop()

    def stop(self) -> int:
        """End the process; its exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def order(self, method: str, path: str, **fields: Any) -> dict[str, Any]:
        """One order to the control door; raises AssertionError with its words if it was not followed."""
        answer = self.session.request(
            method, f"{self.url}/_sandbox/{path}", json=fields or None, timeout=TIMEOUT_SECONDS
        )
        assert answer.ok, f"{method} {path}: {answer.text}"
        result: dict[str, Any] = answer.json()
        return result

    def register(self, appid: str, secret: str, **fields: Any) -> dict[str, Any]:
        """Register or change an app: released_pages, trial_pages, develop_pages, allowed_ips, frozen, ..."""
        return self.order("POST", "apps", appid=appid, secret=secret, **fields)

    def app(self, appid: str) -> dict[str, Any]:
        return self.order("GET", f"apps/{appid}")

    def advance(self, seconds: float) -> None:
        """Move WeChat's clock."""
        self.order("POST", "clock", advance=seconds)

    def fault(self, name: str, **fields: Any) -> None:
        """Order a fault: endpoint, appid, times, seconds, errcode, errmsg."""
        self.order("POST", "faults", name=name, **fields)

    def clear_faults(self) -> None:
        self.order("DELETE", "faults")

    def latency(self, seconds: float, **fields: Any) -> None:
        """Delay every answer, or those of an `endpoint`, an `appid`."""
        self.order("POST", "latency", seconds=seconds, **fields)

    def settings(self, **fields: Any) -> dict[str, Any]:
        """Change auto_register, skew_seconds, minute_limit_errcode."""
        return self.order("POST", "settings", **fields)

    def calls(self) -> dict[str, Any]:
        """{"endpoints": {path: {appid: {"total", "successful"}}}, "mints": [{"at", "appid", "pool", "reason"}]}"""
        return self.order("GET", "calls")

    def count(self, endpoint: str, *, appid: str | None = None, successful: bool = False) -> int:
        """How often an endpoint was called, by one app or all."""
        entries = self.calls()["endpoints"].get(endpoint, {})
        key = "successful" if successful else "total"
        return sum(entry[key] for caller, entry in entries.items() if appid in (None, caller))

    def clear_calls(self) -> None:
        self.order("DELETE", "calls")

    def steal(self, appid: str, pool: str = "classic") -> None:
        """Another system fetches a token of this app."""
        self.order("POST", "steal", appid=appid, pool=pool)

    def reset(self) -> None:
        """Forget apps, tokens, faults, latencies, calls and the moved clock."""
        self.order("POST", "reset")
