"""The units of docs/systemd.md: what systemd reads, with the commands and stop times of docker-compose.yml."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.plugin import BASE_DIR

SERVICES = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())["services"]
BLOCKS = re.findall(r"```ini\n(.*?)```", (BASE_DIR / "docs/systemd.md").read_text(), re.DOTALL)
NAMES = ("wxcode-web", "wxcode-worker", "wxcode-beat", "wxcode-manage@")


def changed(body, lines):
    """`body` with the lines of another unit in place of its own; what it lacks comes into [Service]."""
    for line in lines.strip().splitlines():
        name = line.partition("=")[0]
        pattern = re.compile(rf"^{name}=.*?(?<!\\)$", re.MULTILINE | re.DOTALL)
        if pattern.search(body):
            body = pattern.sub(lambda _found, line=line: line, body, count=1)
        else:
            body = body.replace("[Service]\n", f"[Service]\n{line}\n")
    return body


UNITS = dict(zip(NAMES, [BLOCKS[0], *(changed(BLOCKS[0], lines) for lines in BLOCKS[1:])], strict=True))


def value(unit, name):
    return re.search(rf"^{name}=(.*?)(?<!\\)$", UNITS[unit], re.MULTILINE | re.DOTALL)[1]


def test_a_unit_stops_as_patiently_as_its_container():
    given = {name: f"{value(f'wxcode-{name}', 'TimeoutStopSec')}s" for name in ("web", "worker", "beat")}
    assert given == {name: SERVICES[name]["stop_grace_period"] for name in given}


def test_a_unit_starts_what_its_container_starts():
    for service in ("worker", "beat"):
        words = value(f"wxcode-{service}", "ExecStart").split()
        assert words[0] == "/opt/wxcode/.venv/bin/celery"
        options = {word for word in words if word.startswith("-")}
        assert options == {word for word in SERVICES[service]["command"] if word.startswith("-")}, service


def test_the_web_server_is_given_what_the_image_gives_it():
    dockerfile = (BASE_DIR / "Dockerfile").read_text()
    options = set(re.findall(r'"(--[a-z-]+)"', dockerfile[dockerfile.rindex("CMD") :]))
    words = value("wxcode-web", "ExecStart").split()
    assert options <= set(words)
    patience = re.search(r'"--workers-kill-timeout", "(\d+)"', dockerfile)[1]
    assert words[words.index("--workers-kill-timeout") + 1] == patience


def test_a_command_runs_with_the_credentials_of_the_services_and_once():
    unit = UNITS["wxcode-manage@"]
    assert value("wxcode-manage@", "LoadCredential") == value("wxcode-web", "LoadCredential")
    assert "Type=oneshot" in unit and "Restart=no" in unit and "Restart=always" not in unit
    told = (BASE_DIR / "docs/systemd.md").read_text()
    assert [name for name in ("backup", "migrate") if f"wxcode-manage@{name}" not in told] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_every_line(tmp_path):
    wrong = []
    for name, unit in UNITS.items():
        # the programs are not where the units look for them: what is judged is the rest
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit, flags=re.MULTILINE)
        place = tmp_path / f"{name}.service"
        for body, is_good in ((text, True), (text.replace("TasksMax=", "TasksMost="), False)):
            place.write_text(body)
            command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(place)]
            finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            about_it = [line for line in finished.stderr.splitlines() if place.name in line]
            if (about_it == []) is not is_good:
                wrong.append((name, finished.stderr))
    assert wrong == []
