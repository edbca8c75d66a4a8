"""The nginx configuration that docker-compose.yml mounts, run by a real nginx in front of real web nodes."""

import json
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from apps.clients.services import create_client
from benchmarks.nodes import web_node
from tests.nginx_process import NginxProcess, find_nginx
from tests.parts import ALL_SCOPES, make_miniprogram
from tests.plugin import BASE_DIR
from tests.waiting import answers, wait_until
from wxcode.stack.redis_server import free_port

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed (Debian: apt-get install nginx-light)"),
]
CODE = "/wxa/getwxacodeunlimit"


class Site:
    """nginx and its nodes; `ask` sends a request through nginx as a client of an API key."""

    def __init__(self, nginx, webs, ports, key):
        self.nginx, self.webs, self.ports = nginx, webs, ports
        self.headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method, path, **options):
        return requests.request(
            method,
            self.nginx.url + path,
            headers=self.headers | options.pop("headers", {}),
            verify=str(self.nginx.certificate),
            timeout=60,
            **options,
        )

    def issue(self, miniprogram, scene):
        return self.ask("POST", "/api/v1/codes/", json={"appid": miniprogram.appid, "scene": scene})

    def entry(self, **wanted):
        """The line of the access log with these values; nginx writes it a moment after the answer."""
        lines = self.nginx.requests
        return wait_until(lambda: next((line for line in lines() if wanted.items() <= line.items()), None))


@pytest.fixture
def site(sandbox, process_environment, tmp_path):
    """Two web nodes as the image starts them, behind nginx, with https required."""
    ports = [free_port(), free_port()]
    trusting = {"TRUSTED_PROXIES": "127.0.0.1/32", "TRUST_PROXY_PROTO": "true", "HTTPS_ONLY": "true"}
    environment = process_environment | trusting | {"ALLOWED_HOSTS": "127.0.0.1,localhost"}
    webs = [
        web_node(f"web{port}", port=port, environment=environment, directory=tmp_path / f"web{port}", workers=1)
        for port in ports
    ]
    try:
        for web in webs:
            # one picture storage for all, as a shared volume is
            web.environment["WXCODE_DATA_DIR"] = process_environment["WXCODE_DATA_DIR"]
            web.start()
        for web, port in zip(webs, ports, strict=True):
            web.wait_until(lambda port=port: answers(port))
        with NginxProcess(tmp_path / "nginx", ports) as nginx:
            yield Site(nginx, webs, ports, create_client(name="shop", scopes=ALL_SCOPES)[1])
    finally:
        for web in webs:
            web.kill()


def test_nginx_itself_finds_no_mistake(tmp_path):
    checked = NginxProcess(tmp_path / "nginx", [8101, 8102]).check()
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr


def test_traffic_passes_with_addresses_ids_and_large_bodies(site, sandbox):
    miniprogram = make_miniprogram(sandbox)
    plain = requests.get(site.nginx.plain_url + "/healthz", allow_redirects=False, timeout=10)
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://127.0.0.1/healthz")
    # wxcode takes https for true, so it redirects nobody, and believes the id
    made = site.ask(
        "POST",
        "/api/v1/codes/",
        json={"appid": miniprogram.appid, "scene": "a"},
        headers={"X-Request-Id": "drill-0123456789"},
    )
    assert made.status_code == 201
    assert made.headers["X-Request-Id"] == "drill-0123456789"
    assert made.json()["image_url"].startswith("https://")
    rows = [{"scene": f"row={number}", "label": "x" * 100} for number in range(20_000)]
    checked = site.ask(
        "POST", "/api/v1/batches/?dry_run=1", json={"appid": miniprogram.appid, "name": "many", "rows": rows}
    )
    assert checked.status_code == 200, checked.text[:500]


def test_tokens_and_keys_in_a_query_are_not_in_its_log(site, sandbox):
    site.ask("GET", "/wechat/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=hush-hush")
    assert site.entry(path="/wechat/cgi-bin/token")
    assert "hush-hush" not in site.nginx.log.read_text()


def test_a_dead_node_fails_nothing_that_comes_later(site, sandbox):
    miniprogram = make_miniprogram(sandbox)
    site.webs[0].kill()
    answered = [site.issue(miniprogram, f"s={number}").status_code for number in range(12)]
    answered += [site.ask("GET", "/api/v1/codes/").status_code for _time in range(12)]
    assert answered == [201] * 12 + [200] * 12


def test_a_read_under_way_on_a_node_that_dies_is_asked_again_and_a_post_is_not(site, sandbox):
    miniprogram = make_miniprogram(sandbox)
    site.issue(miniprogram, "token")
    sandbox.latency(3.0, endpoint=CODE)
    before = sandbox.count(CODE)
    found = {}

    def post(scene):
        found[scene] = site.issue(miniprogram, scene).status_code

    # one on each node, because the one with fewer under way is asked
    threads = [threading.Thread(target=post, args=(scene,)) for scene in ("a", "b")]
    for thread in threads:
        thread.start()
    wait_until(lambda: sandbox.count(CODE) >= before + 2)
    site.webs[0].kill()
    for thread in threads:
        thread.join()
    assert sorted(found.values()) == [201, 502]
    # asked once each: nginx did not send the lost one to the other node
    assert sandbox.count(CODE) == before + 2
    # the client repeats it, and gets the code
    lost = next(scene for scene, status in found.items() if status == 502)
    assert site.issue(miniprogram, lost).status_code in (200, 201)


def test_a_node_that_is_asked_to_stop_finishes_what_is_under_way_and_nothing_fails(site, sandbox):
    """A rolling restart under a steady stream of posts and reads."""
    miniprogram = make_miniprogram(sandbox)
    site.issue(miniprogram, "known")
    sandbox.latency(0.5, endpoint=CODE)
    over, failed, done = threading.Event(), [], []

    def stream(number):
        count = 0
        while not over.is_set():
            count += 1
            answer = site.issue(miniprogram, f"s{number}={count}")
            (done if answer.status_code == 201 else failed).append(f"{answer.status_code} {answer.text[:200]}")
            answer = site.ask("GET", f"/api/v1/miniprograms/{miniprogram.appid}/access-token/")
            (done if answer.status_code == 200 else failed).append(f"{answer.status_code} {answer.text[:200]}")

    threads = [threading.Thread(target=stream, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    try:
        for web, port in zip(site.webs, site.ports, strict=True):
            time.sleep(1)
            assert web.stop(seconds=30) < 20
            web.start().wait_until(lambda port=port: answers(port))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert len(done) > 20


def test_loading_the_application_leaves_nothing_open_that_forked_workers_would_share():
    code = """
import json, threading
import wxcode.serve
from django.db import connections
from apps.coordination.connection import redis_connection
print(json.dumps([
    [thread.name for thread in threading.enumerate()],
    [c.alias for c in connections.all(initialized_only=True) if c.connection is not None],
    redis_connection.cache_info().currsize,
]))
"""
    finished = subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == [["MainThread"], [], 0]


def test_a_worker_of_the_server_that_died_is_replaced(site):
    web, port = site.webs[0], site.ports[0]
    master, *workers = web.pids()
    for pid in workers:
        subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(pid)], check=True)
    wait_until(lambda: answers(port))
    assert web.pids()[0] == master
