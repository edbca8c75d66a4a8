"""docker-compose.yml: by the specification, with limits for every service, and stop times that fit the servers'."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.nginx_process import CONFIGURATION
from tests.plugin import BASE_DIR

TEXT = (BASE_DIR / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(TEXT)["services"]
OURS = ("migrate", "web", "worker", "beat", "sandbox")
# the settings' defaults: connecting and waiting for one code
CALL_SECONDS = 3 + 15


def check(*paths):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def test_it_keeps_to_the_specification():
    finished = check(BASE_DIR / "docker-compose.yml")
    assert finished.returncode == 0, finished.stdout


def test_the_check_can_fail(tmp_path):
    changes = {"restart": "restart: [5]", "ports": "portz: []", "health": "healthcheck: {interval: []}"}
    for name, change in changes.items():
        (tmp_path / f"{name}.yml").write_text(f"services:\n  web:\n    image: x\n    {change}\n")
    finished = check(*tmp_path.iterdir())
    assert finished.returncode == 1
    assert [name for name in changes if f"{name}.yml" not in finished.stdout] == []


def test_every_service_has_limits():
    wanted = {"cpus", "memory", "pids"}
    assert [name for name in SERVICES if set(SERVICES[name]["deploy"]["resources"]["limits"]) != wanted] == []


def test_our_own_run_without_rights_and_write_to_their_volume_alone():
    wanted = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"], "read_only": True, "tmpfs": ["/tmp"]}
    assert [name for name in OURS if not wanted.items() <= SERVICES[name].items()] == []


def test_no_service_is_root_or_may_become_it():
    wanted = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
    assert [name for name in SERVICES if not wanted.items() <= SERVICES[name].items()] == []
    # the others run the image, which has a user of its own
    others = [name for name in SERVICES if name not in OURS]
    assert [name for name in others if SERVICES[name]["user"] not in ("redis", "postgres", "nginx")] == []


def test_the_image_runs_as_a_user_of_its_own():
    dockerfile = (BASE_DIR / "Dockerfile").read_text()
    assert dockerfile.rindex("USER 10001:10001") > dockerfile.rindex("RUN ")
    assert "--uid 10001" in dockerfile and "--gid 10001" in dockerfile


def test_the_linter_finds_nothing_in_the_dockerfile(tmp_path):
    command = [str(Path(sys.executable).parent / "hadolint")]
    finished = subprocess.run([*command, str(BASE_DIR / "Dockerfile")], capture_output=True, text=True, timeout=60)
    assert (finished.returncode, finished.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text("FROM debian\nUSER root\n")
    finished = subprocess.run([*command, str(tmp_path / "Dockerfile")], capture_output=True, text=True, timeout=60)
    assert finished.returncode == 1


def test_everything_that_the_dockerfile_copies_is_in_its_context():
    ignored = (BASE_DIR / ".dockerignore").read_text().splitlines()
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", (BASE_DIR / "Dockerfile").read_text(), re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    assert copied and {f"!{name}" for name in copied} <= set(ignored)
    assert all((BASE_DIR / name).exists() for name in copied)


def test_a_proxy_that_stops_waits_longer_than_the_web_servers_behind_it():
    assert SERVICES["nginx"]["stop_signal"] == "SIGQUIT"
    assert seconds(SERVICES["nginx"]["stop_grace_period"]) > seconds(SERVICES["web"]["stop_grace_period"])


def test_the_proxy_is_started_on_demand_with_the_configuration_that_is_tested():
    nginx = SERVICES["nginx"]
    assert (nginx["profiles"], nginx["user"], nginx["read_only"]) == (["nginx"], "nginx", True)
    assert nginx["volumes"] == [f"./{CONFIGURATION.relative_to(BASE_DIR)}:/etc/nginx/nginx.conf:ro"]
    listening = re.findall(r"^ +listen (\d+)", CONFIGURATION.read_text(), re.MULTILINE)
    assert [port.rpartition(":")[2] for port in nginx["ports"]] == listening
    named = re.findall(r"/run/secrets/(\w+);", CONFIGURATION.read_text())
    assert nginx["secrets"] == named


def test_a_stopped_web_server_has_longer_than_it_gives_its_workers():
    granian = re.search(r'"--workers-kill-timeout", "(\d+)"', (BASE_DIR / "Dockerfile").read_text())
    assert seconds(SERVICES["web"]["stop_grace_period"]) > int(granian[1]) > CALL_SECONDS


def test_a_stopped_worker_may_land_what_is_under_way():
    from apps.batches.runner import LANDING_SECONDS

    assert seconds(SERVICES["worker"]["stop_grace_period"]) > 2 * CALL_SECONDS + LANDING_SECONDS


def test_the_worker_may_have_as_many_threads_as_batches_need():
    from apps.batches.pacing import MOST_IN_FLIGHT

    assert SERVICES["worker"]["deploy"]["resources"]["limits"]["pids"] >= 40 * MOST_IN_FLIGHT
    unit = (BASE_DIR / "docs/systemd.md").read_text().partition("wxcode-worker.service")[2].partition("wxcode-beat")[0]
    assert f"TasksMax={SERVICES['worker']['deploy']['resources']['limits']['pids']}" in unit


def test_nobody_takes_the_server_that_sets_a_new_volume_up_for_the_database():
    # that one listens on its socket alone
    assert "--host 127.0.0.1" in SERVICES["postgres"]["healthcheck"]["test"][1]


def test_a_full_redis_refuses_writes_before_its_container_is_killed():
    redis = SERVICES["redis"]
    most = int(re.search(r"^maxmemory (\d+)mb$", redis["command"][2], re.MULTILINE)[1])
    limit = int(redis["deploy"]["resources"]["limits"]["memory"].removesuffix("M"))
    # a rewrite of the log copies what is written meanwhile
    assert most <= limit * 2 / 3
