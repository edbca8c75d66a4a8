"""The programs that stand in a guide, and a way to run them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guides"


def find_blocks(guide: str, language: str) -> list[str]:
    """The fenced programs in one language, in their order."""
    text = (GUIDES / guide).read_text("utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{guide} has no {language} program"
    return found


def need(program: str, *, is_optional_in_ci: bool = False) -> str:
    """The program's path; skips where it is missing, which only Node and Java may be in CI."""
    path = shutil.which(program)
    if path is None:
        if os.environ.get("CI") == "true" and not is_optional_in_ci:
            pytest.fail(f"{program} is missing")
        pytest.skip(f"{program} is not installed")
    return path


def run(*command: str, cwd: Path, env: dict[str, str] | None = None, input: str | None = None) -> str:
    """Standard output of a program that must succeed."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), **(env or {})},
        input=input,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
