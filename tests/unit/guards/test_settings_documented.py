"""Every variable that the service reads is explained where an operator looks for it."""

import re
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
READ = re.compile(r'(?:env\.read\(\s*|environ\.get\(|environ\[)"([A-Z][A-Z_]+)"')
# what the operating system or a tool sets, not an operator of wxcode
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "HOME", "PATH", "TZ"}


def variables() -> list[str]:
    sources = (BASE_DIR / "wxcode").rglob("*.py")
    return sorted({name for path in sources for name in READ.findall(path.read_text())} - NOT_OURS)


def test_variables_are_found():
    assert {"SECRET_KEY", "REDIS_URL", "WXCODE_DATA_DIR", "PORT"} <= set(variables())


@pytest.mark.parametrize("name", variables())
def test_the_example_file_has_it(name):
    assert re.search(rf"^#? ?{name}=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", variables())
def test_the_readme_has_it(name):
    assert f"`{name}`" in (BASE_DIR / "README.md").read_text()
