"""What docs/security.md and docs/security-asvs.md name exists: files, tests, commands, settings."""

import re
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[3]
DOCS = ["docs/security.md", "docs/security-asvs.md"]
IN_CODE = re.compile(r"`([^`\n]+)`")
PLACES = ("apps/", "wxcode/", "tests/", "docs/", "templates/", ".ci/", "benchmarks/")
TOP_LEVEL = {"Dockerfile", "docker-compose.yml", "CONTRIBUTING.md", "CHANGELOG.md", "requirements.txt", "Makefile"}
ROW = re.compile(r"^\| (\d+\.\d+\.\d+[^|]*) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
VERDICT = re.compile(r"(met|partly|not met|not applicable|operator's|the proxy's|as \d)")


def named(doc: str) -> set[str]:
    return set(IN_CODE.findall((BASE_DIR / doc).read_text()))


def our_tests() -> set[str]:
    sources = (path.read_text() for path in (BASE_DIR / "tests").rglob("test_*.py"))
    return {name for text in sources for name in re.findall(r"def (test_\w+)", text)}


@pytest.mark.parametrize("doc", DOCS)
def test_every_file_that_is_named_exists(doc):
    files = {name for name in named(doc) if name.startswith(PLACES) or name in TOP_LEVEL}
    assert not [name for name in files if not (BASE_DIR / name).exists()]
    links = re.findall(r"\]\(([^)#]+)\)", (BASE_DIR / doc).read_text())
    assert links and not [link for link in links if not (BASE_DIR / "docs" / link).exists()]


def test_every_test_that_is_named_exists():
    found = {name for doc in DOCS for name in named(doc) if name.startswith("test_")}
    assert len(found) > 15 and found <= our_tests(), found - our_tests()


def test_every_command_and_setting_that_is_named_exists():
    names = {name for doc in DOCS for name in named(doc)}
    django_s_own = {"changepassword"}
    commands = {name.split()[1] for name in names if name.startswith("manage.py ")} - django_s_own
    here = {path.stem for path in BASE_DIR.glob("apps/*/management/commands/*.py")}
    assert commands and commands <= here
    known = (BASE_DIR / ".env.example").read_text() + (BASE_DIR / "Makefile").read_text()
    known += (BASE_DIR / ".ci/audit.py").read_text()
    settings = {name.split("=")[0] for name in names if re.fullmatch(r"[A-Z]+(_[A-Z]+)+(=\S+)?", name)}
    assert settings and not [name for name in settings if name not in known]


def test_every_requirement_has_a_verdict_and_comes_once():
    rows = re.findall(
        r"^\| (\d+\.\d+\.\d+[^|]*) \| ([^|]+) \| ([^|]+) \|$", (BASE_DIR / DOCS[1]).read_text(), re.MULTILINE
    )
    assert len(rows) > 200
    assert not [row for row in rows if not VERDICT.match(row[2])]
    numbers = [number for row in rows for number in re.findall(r"\d+\.\d+\.\d+", row[0])]
    assert len(numbers) == len(set(numbers))
