"""What was asked of the sandbox: counts per endpoint and app, and the newest token mints without their values."""

from collections import deque
from typing import Any

MINTS_KEPT = 200


class CallLog:
    def __init__(self) -> None:
        self._counts: dict[str, dict[str, dict[str, int]]] = {}
        self._mints: deque[dict[str, Any]] = deque(maxlen=MINTS_KEPT)

    def count(self, endpoint: str, appid: str) -> None:
        self._entry(endpoint, appid)["total"] += 1

    def count_success(self, endpoint: str, appid: str) -> None:
        self._entry(endpoint, appid)["successful"] += 1

    def note_mint(self, *, at: float, appid: str, pool: str, reason: str) -> None:
        self._mints.append({"at": at, "appid": appid, "pool": pool, "reason": reason})

    def clear(self) -> None:
        self._counts.clear()
        self._mints.clear()

    def as_json(self) -> dict[str, Any]:
        return {"endpoints": self._counts, "mints": list(self._mints)}

    def _entry(self, endpoint: str, appid: str) -> dict[str, int]:
        return self._counts.setdefault(endpoint, {}).setdefault(appid, {"total": 0, "successful": 0})
