"""An S3 for tests: moto's server as a process of its own, asked over real HTTP."""

import socket
import subprocess
import sys
import tempfile
import time
from types import TracebackType
from typing import Any, Self

import boto3

from wxcode.stack import lifeline
from wxcode.stack.redis_server import free_port

READY_SECONDS = 60
KEYS = {"access_key": "not-a-real-key", "secret_key": "not-a-real-secret"}


class ObjectStorageProcess:
    """`with ObjectStorageProcess() as s3:` has `.options(bucket)` for MEDIA_STORAGE_OPTIONS and `.objects(bucket)`."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(
            lifeline.command_line(9, command), stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + READY_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise RuntimeError(f"moto did not start: {self.log.read().decode()}")
            time.sleep(0.05)
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=KEYS["access_key"],
            aws_secret_access_key=KEYS["secret_key"],
        )

    def make_bucket(self, name: str) -> None:
        self.client().create_bucket(Bucket=name)

    def options(self, bucket: str) -> dict[str, Any]:
        return {"bucket_name": bucket, "endpoint_url": self.url, "region_name": "us-east-1", **KEYS}

    def objects(self, bucket: str) -> dict[str, bytes]:
        client = self.client()
        entries = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {entry["Key"]: client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read() for entry in entries}

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.log.close()
