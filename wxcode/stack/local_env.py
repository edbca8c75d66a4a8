"""local.env: the secrets and addresses that `make run` makes up once and keeps in the data directory."""

import os
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from wxcode.environment import LOCAL_ENV_NAME
from wxcode.stack.redis_server import free_port, new_url

HEADER = "# Made by `make run` for this data directory. Whoever reads it can open the AppSecrets: keep it private.\n"
# A server of the previous run may still be writing its data when the next run starts.
PORT_PATIENCE_SECONDS = 3.0


def complete(data_dir: Path, given: Mapping[str, str], *, brought: Mapping[str, str] | None = None) -> dict[str, str]:
    """Every value that a local run needs and `given` lacks, kept from the last run where it still works.

    `brought` comes from a backup and goes before what the last run left.
    Writes them to local.env, readable by its owner only.
    """
    known = _read(data_dir / LOCAL_ENV_NAME) | dict(brought or {})
    redis_url, sandbox_url = known.get("REDIS_URL", ""), known.get("SANDBOX_URL", "")
    local = known | {
        "SECRET_KEY": known.get("SECRET_KEY") or secrets.token_urlsafe(50),
        "WXCODE_SEAL_KEYS": known.get("WXCODE_SEAL_KEYS") or Fernet.generate_key().decode("ascii"),
        "HTTPS_ONLY": known.get("HTTPS_ONLY") or "false",
    }
    if not given.get("REDIS_URL") and not _has_free_port(redis_url):
        password = urlsplit(redis_url).password or secrets.token_urlsafe(32)
        local["REDIS_URL"] = new_url(password=password, port=free_port())
    if not given.get("SANDBOX_URL") and not _has_free_port(sandbox_url):
        local["SANDBOX_URL"] = f"http://127.0.0.1:{free_port()}"
    _write(data_dir / LOCAL_ENV_NAME, local)
    return {name: value for name, value in local.items() if not given.get(name) and not given.get(f"{name}_FILE")}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _write(path: Path, values: Mapping[str, str]) -> None:
    text = HEADER + "".join(f"{name}={value}\n" for name, value in values.items())
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def _has_free_port(url: str) -> bool:
    port = urlsplit(url).port
    if port is None:
        return False
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while not _is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
