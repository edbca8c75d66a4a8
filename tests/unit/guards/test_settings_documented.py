"""Every variable that the service reads is explained where an operator looks for it."""

import re
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[3]
READ = re.compile(r'(?:env\.read\(\s*|environ\.get\(|environ\[)"([A-Z][A-Z_]+)"')
# what the operating system or a tool sets, not an operator of wxcode
NOT_OURS = {"DJANGO_SETTINGS_MODULE", "HOME", "PATH", "TZ"}


def variables() -> list[str]:
    sources = (BASE_DIR / "wxcode").rglob("*.py")
    return sorted({name for path in sources for name in READ.findall(path.read_text())} - NOT_OURS)


def test_variables_are_found():
    assert {"SECRET_KEY", "REDIS_URL", "WXCODE_DATA_DIR", "PORT"} <= set(variables())


def test_the_example_file_has_every_one():
    example = (BASE_DIR / ".env.example").read_text()
    assert not [name for name in variables() if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)]


def test_the_readme_has_every_one():
    readme = (BASE_DIR / "README.md").read_text()
    assert not [name for name in variables() if f"`{name}`" not in readme]
