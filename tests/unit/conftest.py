"""No service: a unit test that opens a connection or starts a process has failed."""

import socket
import subprocess
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: Any, **_options: Any) -> NoReturn:
        pytest.fail(f"a unit test reached for a service: {given[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
