"""The hooks of .pre-commit-config.yaml are programs of this project's environment, on files that exist."""

from pathlib import Path

import yaml

BASE_DIR = Path(__file__).resolve().parents[3]
HOOKS = [
    hook
    for repo in yaml.safe_load((BASE_DIR / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
]


def test_nothing_is_fetched_for_a_hook():
    assert HOOKS and {hook["language"] for hook in HOOKS} == {"system"}
    assert all(hook["entry"].startswith(".venv/bin/") for hook in HOOKS)


def test_every_file_that_a_hook_names_exists():
    named = {word for hook in HOOKS for word in hook["entry"].split() if "/" in word and not word.startswith(".venv")}
    assert named and not [name for name in named if not (BASE_DIR / name).exists()]
