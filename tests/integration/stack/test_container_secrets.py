"""`make secrets`: every file that docker-compose.yml mounts, random, private, never made twice, good to start from."""

import os
import stat
import subprocess
import sys

import pytest
import yaml

from tests.plugin import BASE_DIR, variables_of_ours

COMPOSE = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
# an operator brings those
BROUGHT = {"tls_certificate", "tls_key"}


def make(directory):
    command = ["make", "--silent", "secrets", f"SECRETS_DIR={directory}"]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The directory of one installation, which nobody changes."""
    directory = tmp_path_factory.mktemp("installation") / "secrets"
    make(directory)
    return directory


def test_it_makes_every_secret_that_compose_mounts_and_no_other(made):
    assert {path.name for path in made.iterdir()} == set(COMPOSE["secrets"]) - BROUGHT


def test_nobody_else_on_the_host_may_enter_and_every_container_may_read(made):
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o444}


def test_another_installation_gets_others_and_keeps_what_it_has_and_tells_none(made, tmp_path):
    others = tmp_path / "others"
    said = make(others)
    values = {path.name: path.read_text() for path in others.iterdir()}
    assert {name for name, value in values.items() if value == (made / name).read_text()} == {"media_storage_options"}
    assert [name for name, value in values.items() if value in said and name != "media_storage_options"] == []
    (others / "metrics_token").unlink()
    assert make(others).count("made ") == 1
    assert {path.name for path in others.iterdir() if path.read_text() != values[path.name]} == {"metrics_token"}


def test_django_starts_from_the_files_as_compose_hands_them_over(made):
    web = COMPOSE["services"]["web"]
    files = {
        name: value.replace("/run/secrets", str(made))
        for name, value in web["environment"].items()
        if name.endswith("_FILE")
    }
    blank = dict.fromkeys(variables_of_ours(), "")
    code = "from django.conf import settings as s; print(s.DATABASES['default']['HOST'], s.REDIS_URL.rsplit('@')[-1])"
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env=os.environ | blank | files | {"WXCODE_DATA_DIR": str(made)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (finished.returncode, finished.stdout.split()) == (0, ["postgres", "redis:6379/0"]), finished.stderr
    # each is mounted where it is named
    for name, value in web["environment"].items():
        if name.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in web["secrets"]


def test_no_service_has_a_secret_in_its_environment():
    words = ("SECRET", "PASSWORD", "KEYS", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN", "OPTIONS")
    offenders = [
        f"{name}: {key}"
        for name, service in COMPOSE["services"].items()
        for key in service.get("environment", {})
        if any(word in key for word in words) and not key.endswith("_FILE")
    ]
    assert offenders == []
