"""Settings whose names have changed: the old name works for one version, and every check says so."""

import os
from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning, register

# old name -> new name. An entry goes when the version after the next is made; CHANGELOG.md names both.
RENAMED: dict[str, str] = {}

# wxcode.W010  a setting is given by its old name


def old_name_of(name: str) -> str | None:
    """The old name under which the environment has `name`, if it has it under the old one alone."""
    if _is_given(name):
        return None
    return next((old for old, new in RENAMED.items() if new == name and _is_given(old)), None)


@register()
def old_names_are_not_used(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Each old name that the environment still has, whether it counts or not."""
    return [_warning(old, new) for old, new in RENAMED.items() if _is_given(old)]


def _warning(old: str, new: str) -> CheckMessage:
    effect = f"it is ignored, because {new} is set, too" if _is_given(new) else "this version is the last that reads it"
    return Warning(f"The setting {old} is now called {new}: {effect}.", hint=f"Rename it to {new}.", id="wxcode.W010")


def _is_given(name: str) -> bool:
    return bool(os.environ.get(name, "").strip() or os.environ.get(f"{name}_FILE", "").strip())
