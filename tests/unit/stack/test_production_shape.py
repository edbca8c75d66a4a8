"""The files that production starts from: every variable documented and passed on, nothing secret in them."""

import re

import yaml

from tests.plugin import BASE_DIR, variables_of_ours

ELSEWHERE = {"HOST", "WXCODE_DATA_DIR"}
COMPOSE = (BASE_DIR / "docker-compose.yml").read_text()


def variables_of_compose():
    return set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE))


def documented():
    return set(re.findall(r"^#?([A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE))


def test_every_variable_is_documented():
    assert documented() == variables_of_ours() | ELSEWHERE | variables_of_compose()


def variables_from_files():
    return set(re.findall(r"^ +([A-Z_]+)_FILE: /run/secrets/", COMPOSE, re.MULTILINE))


def test_compose_passes_every_setting_on():
    # PORT is about the process on the host, not the one in the container
    assert variables_of_ours() <= variables_of_compose() | variables_from_files() | {"PORT"}


def test_every_long_running_service_of_compose_is_watched():
    services = yaml.safe_load(COMPOSE)["services"]
    unwatched = {name for name, service in services.items() if "test" not in service.get("healthcheck", {})}
    assert unwatched == {"migrate"}


def test_web_worker_and_beat_wait_for_the_migration():
    services = yaml.safe_load(COMPOSE)["services"]
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_example_sets_nothing_when_it_is_copied_as_it_is():
    lines = (BASE_DIR / ".env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
