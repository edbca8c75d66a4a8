"""nginx, two web nodes, two workers, beat, PostgreSQL, Redis, S3 and a simulated WeChat, each in a place of its own."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import requests
from cryptography.fernet import Fernet

from benchmarks.nodes import BASE_DIR, Node, beat_node, s3_node, sandbox_node, web_node, worker_node
from tests.nginx_process import NginxProcess
from tests.postgres import PostgresServer
from wxcode.stack import redis_server
from wxcode.stack.redis_server import free_port

BUCKET = "codes"
S3_KEYS = {"access_key": "not-a-real-key", "secret_key": "not-a-real-secret"}
CODE = "/wxa/getwxacodeunlimit"


class Cluster:
    """Context manager; `webs`, `workers` and `beats` are nodes to be killed, `nginx` stands in front of the webs.

    `unapplied`: an app and the migration that it is taken back to before the nodes start, such as ("codes", "0003").
    """

    def __init__(self, *, unapplied: Sequence[str] = ()) -> None:
        self.unapplied = unapplied
        self.directory = Path(tempfile.mkdtemp(prefix="wxcode-cluster-"))
        self.cleanup = contextlib.ExitStack()
        self.cleanup.callback(shutil.rmtree, self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        # SIGTERM ends it as Ctrl-C does: it tidies up
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._start()
        except BaseException:
            self.cleanup.close()
            raise
        return self

    def __exit__(self, *trouble: object) -> None:
        self.cleanup.close()

    def _start(self) -> None:
        self.postgres = self.cleanup.enter_context(PostgresServer())
        self.redis_url = redis_server.new_url(password=secrets.token_urlsafe(16), port=free_port())
        with (self.directory / "redis.log").open("wb") as log:
            self.redis = redis_server.start(url=self.redis_url, directory=self.directory / "redis", output=log)
        self.cleanup.callback(end, self.redis)
        redis_server.wait_until_ready(self.redis, self.redis_url)
        s3_port, sandbox_port = free_port(), free_port()
        self.sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        self.environment = self._environment(s3_url=f"http://127.0.0.1:{s3_port}")
        self._run(s3_node(port=s3_port, directory=self.directory / "s3")).wait_for_port(s3_port)
        place = self.directory / "sandbox"
        self.sandbox = self._run(sandbox_node(port=sandbox_port, environment=self.environment, directory=place))
        self.sandbox.wait_for_port(sandbox_port)
        os.environ |= self.environment | {"WXCODE_DATA_DIR": str(self.directory / "observer")}
        self._make_bucket(f"http://127.0.0.1:{s3_port}")
        self.manage("migrate")
        if self.unapplied:
            self.manage("migrate", *self.unapplied)
        self._start_nodes()

    def _environment(self, *, s3_url: str) -> dict[str, str]:
        """What all nodes have in common: settings, and nothing on a disk."""
        options = {"bucket_name": BUCKET, "endpoint_url": s3_url, "region_name": "us-east-1", **S3_KEYS}
        return dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "wxcode.settings",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "WXCODE_SEAL_KEYS": Fernet.generate_key().decode(),
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis_url,
            "SANDBOX_URL": self.sandbox_url,
            "MEDIA_STORAGE": "s3",
            "MEDIA_STORAGE_OPTIONS": json.dumps(options),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "TRUST_PROXY_PROTO": "true",
            "HTTPS_ONLY": "true",
            "LOG_FORMAT": "json",
            "LOG_LEVEL": "INFO",
            "DEBUG": "false",
        }

    def _make_bucket(self, s3_url: str) -> None:
        import boto3

        access = {"aws_access_key_id": S3_KEYS["access_key"], "aws_secret_access_key": S3_KEYS["secret_key"]}
        boto3.client("s3", endpoint_url=s3_url, region_name="us-east-1", **access).create_bucket(Bucket=BUCKET)

    def _start_nodes(self) -> None:
        self.ports = [free_port(), free_port()]
        self.webs = [
            self._run(
                web_node(
                    f"web{number}",
                    port=port,
                    environment=self.environment,
                    directory=self.directory / f"web{number}",
                    # a machine of two cores is shared by all of this
                    workers=1,
                )
            )
            for number, port in enumerate(self.ports, start=1)
        ]
        self.workers = [self._run(self.new_worker(f"worker{number}")) for number in (1, 2)]
        self.beats = [self._run(self.new_beat("beat1"))]
        self.nginx = self.cleanup.enter_context(NginxProcess(self.directory / "nginx", self.ports))
        for web, port in zip(self.webs, self.ports, strict=True):
            web.wait_until(lambda port=port: self.answers(port))
        self.beats[0].wait_until(lambda: self.readiness("worker").startswith("ok, 2"))

    def new_worker(self, name: str) -> Node:
        return worker_node(name, environment=self.environment, directory=self.directory / name)

    def new_beat(self, name: str) -> Node:
        return beat_node(name, environment=self.environment, directory=self.directory / name)

    def add_beat(self, name: str) -> Node:
        """One more, on a machine that has no schedule file yet."""
        self.beats.append(self._run(self.new_beat(name)))
        return self.beats[-1]

    def _run(self, node: Node) -> Node:
        self.cleanup.callback(node.kill)
        return node.start()

    # --- looking at it ---------------------------------------------------------------------------------------

    def answers(self, port: int) -> bool:
        """Whether a web node answers itself, asked past nginx."""
        try:
            return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def readiness(self, part: str) -> str:
        """The line of /readyz for `part`, through nginx."""
        answer = requests.get(f"{self.nginx.url}/readyz", timeout=30, verify=str(self.nginx.certificate))
        return str(answer.json()[part])

    def manage(self, *words: str) -> str:
        """`manage.py` as an operator runs it beside the living nodes; what it said."""
        finished = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=BASE_DIR, env=dict(os.environ), capture_output=True, text=True
        )
        if finished.returncode:
            raise SystemExit(f"manage.py {' '.join(words)} failed:\n{finished.stderr[-2000:]}")
        return finished.stdout

    def order_sandbox(self, path: str, **fields: object) -> None:
        requests.post(f"{self.sandbox_url}/_sandbox/{path}", json=fields, timeout=10).raise_for_status()

    def wechat(self) -> dict[str, Any]:
        """What the sandbox saw: {"endpoints": {path: {appid: {"total", "successful"}}}, "mints": [...]}."""
        answer: dict[str, Any] = requests.get(f"{self.sandbox_url}/_sandbox/calls", timeout=30).json()
        return answer

    def add_miniprogram(self, number: int, *, latency: float) -> Any:
        """A mini-program for whose codes WeChat takes `latency` seconds. Needs django.setup()."""
        from apps.miniprograms.services import add_miniprogram

        appid, secret = f"wx{number:016x}", secrets.token_hex(16)
        self.order_sandbox("apps", appid=appid, secret=secret, released_pages=["pages/index/index"])
        self.order_sandbox("latency", seconds=latency, endpoint=CODE, appid=appid)
        return add_miniprogram(appid=appid, name=f"Shop {number}", secret=secret, is_sandbox=True)


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    process.kill()
    process.wait()


def wait_until(is_so: Any, *, seconds: float, what: str) -> float:
    """Seconds until `is_so()`; SystemExit after `seconds`."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise SystemExit(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - began
