"""The version is written once, in wxcode/__init__.py; what else names it follows."""

import re
import tomllib
from pathlib import Path

from django.conf import settings

import wxcode

BASE_DIR = Path(__file__).resolve().parents[3]


def test_the_newest_release_of_the_changelog_is_this_version():
    released = re.findall(r"^## (\d\S*) \(\d{4}-\d\d-\d\d\)$", (BASE_DIR / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert released[0] == wxcode.__version__


def test_pyproject_reads_it_and_has_none_of_its_own():
    pyproject = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())
    assert "version" not in pyproject["project"] and pyproject["project"]["dynamic"] == ["version"]
    assert pyproject["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "wxcode.__version__"}


def test_the_description_of_the_api_names_it():
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == wxcode.__version__
