"""Every moment is asked of a clock that a test can move (tests/clock.py)."""

import ast
from collections.abc import Iterator
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[3]
# how long a socket may take and took: nothing that a test moves
SOCKETS = ("apps/wechat/", "wxcode/postgresql/")


def keeps_a_clock(node: ast.AST) -> bool:
    """`from time import monotonic`, or `time.monotonic` as a default: the function of before, which nobody moves."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "time" and any(alias.name == "monotonic" for alias in node.names)
    if isinstance(node, ast.arguments):
        return any(default and ast.unparse(default) == "time.monotonic" for default in node.defaults + node.kw_defaults)
    return False


def offenders() -> Iterator[str]:
    for path in sorted([*(BASE_DIR / "apps").rglob("*.py"), *(BASE_DIR / "wxcode").rglob("*.py")]):
        name = str(path.relative_to(BASE_DIR))
        if not name.startswith(SOCKETS) and any(map(keeps_a_clock, ast.walk(ast.parse(path.read_text())))):
            yield name


def test_nothing_but_sockets_keeps_a_clock_of_its_own() -> None:
    assert list(offenders()) == []
