"""What a restart must not forget, in one file: written whole, readable by its owner only."""

import json
import os
from pathlib import Path
from typing import Any


class StateFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, Any] | None:
        """The saved state, None if there is none yet. Raises OSError, or ValueError if it is not ours."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        state = json.loads(text)
        if not isinstance(state, dict):
            raise ValueError("not a JSON object")
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Replace the file in one step, so that a crash leaves the old or the new one. Raises OSError."""
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(state, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
