"""Audits the pinned dependencies against the advisories of https://osv.dev, by pip-audit: `make audit`.

Fails when a pinned version has a known vulnerability, and also when it could not find out: then nothing is known.
AUDIT=if-reachable, for machines without a way to the advisories, forgives one thing: that the service could not be
reached at all. It says so loudly. OSV_URL names another server with the same API.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-dev.txt")
OSV_URL = "https://api.osv.dev/v1/query"
PROBE_SECONDS, ANSWER_SECONDS, WHOLE_SECONDS = 4, 10, 300
CLEAN, FOUND, NOT_AUDITED = 0, 1, 2
WORDS = ("required", "if-reachable")


def main() -> int:
    """The exit code: 0 nothing found, 1 something found, 2 could not find out."""
    url, mode = os.environ.get("OSV_URL") or OSV_URL, os.environ.get("AUDIT") or WORDS[0]
    if mode not in WORDS:
        return tell(NOT_AUDITED, f"AUDIT is {mode!r}: use {' or '.join(WORDS)}.")
    files = [Path(name).resolve() for name in sys.argv[1:]] or [ROOT / name for name in FILES]
    trouble = probe(url)
    if trouble and mode == "if-reachable":
        return tell(CLEAN, f"NOT AUDITED: {url} could not be reached ({trouble}), and AUDIT=if-reachable forgives it.")
    if trouble:
        return tell(NOT_AUDITED, f"NOT AUDITED: {url} could not be reached ({trouble}). See docs/security.md.")
    return audit(url, files)


def probe(url: str) -> str:
    """Why `url` does not answer as an advisory service does; empty if it does."""
    question = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "1.0"}
    try:
        answer = requests.post(url, json=question, timeout=PROBE_SECONDS)
        answer.raise_for_status()
        is_answer = isinstance(answer.json(), dict)
    except (requests.RequestException, ValueError) as error:
        return type(error).__name__
    return "" if is_answer else "its answer is no JSON object"


def audit(url: str, files: list[Path]) -> int:
    """Runs pip-audit over `files`; from here on everything but a whole and clean report fails."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        command = [sys.executable, "-m", "pip_audit", "--strict", "--vulnerability-service", "osv", "--osv-url", url]
        command += ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", str(ANSWER_SECONDS)]
        command += ["--cache-dir", directory, "--format", "json", "--output", str(report)]
        command += [word for file in files for word in ("--requirement", str(file))]
        try:
            # our own words and an address that whoever runs it chose
            done = subprocess.run(command, capture_output=True, text=True, timeout=WHOLE_SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired:
            return tell(NOT_AUDITED, f"NOT AUDITED: no end after {WHOLE_SECONDS} s.")
        try:
            packages = json.loads(report.read_text())["dependencies"]
        except (OSError, ValueError, KeyError):
            return tell(NOT_AUDITED, f"NOT AUDITED: pip-audit made no report.\n{done.stderr[-2000:]}")
    found = [(package, each) for package in packages for each in package.get("vulns", [])]
    for package, each in found:
        cure = ", ".join(each["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {each['id']}, mended in {cure}", file=sys.stderr)
    if found:
        return tell(FOUND, f"{len(found)} known vulnerabilities in {len({p['name'] for p, _each in found})} packages.")
    missed = pinned(files) - {canonicalize_name(package["name"]) for package in packages if "version" in package}
    if missed or done.returncode != 0:
        return tell(NOT_AUDITED, f"NOT AUDITED: {', '.join(sorted(missed)) or done.stderr[-2000:]}")
    return tell(CLEAN, f"Audited {len(packages)} packages: no known vulnerabilities.")


def pinned(files: list[Path]) -> set[str]:
    """Names that must be in the report; lines with a condition may not apply to this machine."""
    lines = [line for file in files for line in file.read_text().splitlines()]
    return {canonicalize_name(line.partition("==")[0].strip()) for line in lines if "==" in line and ";" not in line}


def tell(code: int, text: str) -> int:
    print(text, file=sys.stdout if code == CLEAN and "NOT" not in text else sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
