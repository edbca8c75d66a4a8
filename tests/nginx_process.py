"""nginx with the configuration that docker-compose.yml mounts: ports, paths and web nodes replaced, nothing else."""

import datetime as dt
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wxcode.stack import lifeline
from wxcode.stack.redis_server import free_port

CONFIGURATION = Path(__file__).resolve().parents[1] / "docs" / "nginx" / "wxcode.conf"
READY_SECONDS = 10
# what compose mounts, where nginx may write, and what only Docker has
NODE = re.compile(r"^( +)server web:8000 resolve (.*;)$", re.MULTILINE)
RESOLVER = re.compile(r"^ +resolver .*;\n", re.MULTILINE)


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class NginxProcess:
    """`with NginxProcess(directory, [8101, 8102]) as nginx:` serves `.url` by TLS; clients trust `.certificate`."""

    def __init__(self, directory: Path, nodes: Sequence[int]) -> None:
        self.directory, self.nodes = directory, nodes
        directory.mkdir(parents=True, exist_ok=True)
        self.port, self.plain_port = free_port(), free_port()
        self.url, self.plain_url = f"https://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.plain_port}"
        self.certificate, self.key = directory / "certificate.pem", directory / "key.pem"
        self.configuration, self.log = directory / "nginx.conf", directory / "access.log"
        make_certificate(self.certificate, self.key)
        self.configuration.write_text(self.text())

    def text(self) -> str:
        """The mounted file, with what this machine has instead of Docker's network and secrets."""
        text = NODE.sub(
            lambda found: "\n".join(f"{found[1]}server 127.0.0.1:{port} {found[2]}" for port in self.nodes),
            CONFIGURATION.read_text(),
        )
        changes = {
            " /tmp/": f" {self.directory}/",
            "listen 8443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen 8080": f"listen 127.0.0.1:{self.plain_port}",
            "/run/secrets/tls_certificate": str(self.certificate),
            "/run/secrets/tls_key": str(self.key),
            "/dev/stdout": str(self.log),
        }
        for ours, here in changes.items():
            assert ours in text, f"{CONFIGURATION.name} lacks {ours}"
            text = text.replace(ours, here)
        return RESOLVER.sub("", text)

    def command(self, *words: str) -> list[str]:
        program = find_nginx()
        assert program, "nginx is not installed (Debian: apt-get install nginx-light)"
        # root's processes would become nobody's, who may not enter a directory of root's
        extra = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        place = ["-c", str(self.configuration), "-p", str(self.directory)]
        return [program, "-e", "stderr", *place, "-g", extra, *words]

    def check(self) -> "subprocess.CompletedProcess[str]":
        """`nginx -t`."""
        return subprocess.run(self.command("-t"), capture_output=True, text=True, timeout=20, check=False)

    def __enter__(self) -> Self:
        with (self.directory / "error.log").open("ab") as errors:
            self.process = subprocess.Popen(
                lifeline.command_line(signal.SIGTERM, self.command()),
                stdout=errors,
                stderr=errors,
                process_group=0,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx did not start: {(self.directory / 'error.log').read_text()}")
            time.sleep(0.02)
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def requests(self) -> Iterator[dict[str, Any]]:
        """What the access log says, a line per request."""
        for line in self.log.read_text().splitlines():
            yield json.loads(line)

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


def make_certificate(place: Path, key_place: Path) -> None:
    """A certificate for 127.0.0.1 that is its own authority, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "wxcode test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_place.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
