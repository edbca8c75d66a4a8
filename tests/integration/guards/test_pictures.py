"""In docs/screenshots the repository keeps the pictures that documents show, and no other."""

import re
import subprocess
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
DIRECTORY = BASE_DIR / "docs/screenshots"
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


def shown() -> set[str]:
    documents = [*BASE_DIR.glob("*.md"), *(BASE_DIR / "docs").rglob("*.md")]
    pictures = {
        (path.parent / name).resolve() for path in documents for name in PICTURE.findall(path.read_text("utf-8"))
    }
    return {path.name for path in pictures if path.parent == DIRECTORY}


def test_every_picture_that_is_kept_is_shown_and_every_other_one_is_ignored():
    rules = (DIRECTORY / ".gitignore").read_text().splitlines()
    assert "*" in rules
    assert {rule[1:] for rule in rules if rule.startswith("!")} - {".gitignore"} == shown()


@pytest.mark.skipif(not (BASE_DIR / ".git").exists(), reason="only a clone knows what is kept")
def test_the_repository_has_exactly_these():
    listed = subprocess.run(["git", "ls-files"], cwd=DIRECTORY, capture_output=True, text=True, check=True, timeout=30)
    assert shown() and set(listed.stdout.split()) - {".gitignore"} == shown()
