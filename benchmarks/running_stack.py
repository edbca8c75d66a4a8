"""A whole wxcode for a benchmark: what `make run` starts, in a directory of its own, gone afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests

from wxcode.stack.redis_server import free_port

BASE_DIR = Path(__file__).resolve().parents[1]
START_SECONDS = 90
ADD_MINIPROGRAMS = """
import json, sys
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.services import add_miniprogram
for number in range({count}):
    add_miniprogram(appid=f"wx{{number:016x}}", name=f"Shop {{number}}", secret=f"{{number:032x}}", is_sandbox=True)
"""


class RunningStack:
    """`with RunningStack(miniprograms=24) as stack:` has `.base`, `.api_key`, `.sandbox_url` and `.appids`."""

    def __init__(self, *, miniprograms: int, **environment: str) -> None:
        self.count = miniprograms
        self.data_dir = Path(tempfile.mkdtemp(prefix="wxcode-benchmark-"))
        self.port = free_port()
        self.environment = os.environ | {
            "PORT": str(self.port),
            "WXCODE_DATA_DIR": str(self.data_dir),
            "LOG_LEVEL": "WARNING",
            **environment,
        }
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wxcode.stack"], cwd=BASE_DIR, env=self.environment, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SystemExit("the stack did not start")
            time.sleep(0.2)
        facts = json.loads((self.data_dir / "first-run.json").read_text())
        self.api_key = facts["api_key"]
        local = dict(
            line.split("=", 1) for line in (self.data_dir / "local.env").read_text().splitlines() if "=" in line
        )
        self.sandbox_url = local["SANDBOX_URL"].strip("'\"")
        self.redis_port = urlsplit(local["REDIS_URL"].strip("'\"")).port
        self.appids = [f"wx{number:016x}" for number in range(self.count)]
        self.run_python(ADD_MINIPROGRAMS.format(count=self.count))
        return self

    def run_python(self, code: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=BASE_DIR,
            env=self.environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def sandbox(self, path: str, **fields: object) -> None:
        """An order to the sandbox's control door."""
        requests.post(f"{self.sandbox_url}/_sandbox/{path}", json=fields, timeout=10).raise_for_status()

    def _answers(self) -> bool:
        try:
            ready = requests.get(f"{self.base}/healthz", timeout=1).ok
        except requests.RequestException:
            return False
        return ready and (self.data_dir / "first-run.json").exists()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def host_and_port(url: str) -> tuple[str, int]:
    """What a raw connection to `url` needs."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80
