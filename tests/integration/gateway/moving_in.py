"""The lines of the guide for wechatpy, as a class that talks to a given address."""

import re
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "moving-in" / "wechatpy.md"
EXAMPLE = "https://wxcode.example.com"


def guide_client(address: str) -> Any:
    """`CentralClient` exactly as the guide has it, with `address` in the place of the example's."""
    source = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)[0]
    assert EXAMPLE in source
    names: dict[str, Any] = {}
    exec(source.replace(EXAMPLE, address), names)
    return names["CentralClient"]
