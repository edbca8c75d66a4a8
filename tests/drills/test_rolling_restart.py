"""Two web nodes behind nginx, with the configuration of docker-compose.yml: they restart and die under requests."""

import os
import signal
import threading
from collections import Counter
from contextlib import ExitStack

import pytest
import requests

from apps.clients.services import create_client
from benchmarks.nodes import web_node
from tests.drills.forked import ForkedNode, ForkServer
from tests.drills.sizes import SIZES
from tests.nginx_process import NginxProcess, find_nginx
from tests.parts import ALL_SCOPES, make_miniprogram
from tests.waiting import answers, wait_until
from wxcode.stack.redis_server import free_port

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(find_nginx() is None, reason="nginx is not installed (Debian: apt-get install nginx-light)"),
]
CODE = "/wxa/getwxacodeunlimit"
PATIENCE_SECONDS = 180
# of a call that is under way when its node dies
LONG_CALL_SECONDS = 2.5
# a body of more than the megabyte that nginx takes unless it is told otherwise
MANY_ROWS = 9_000


class Site:
    """nginx and its nodes; `ask` sends a request through nginx as a client of an API key."""

    def __init__(self, nginx, webs, ports):
        self.nginx, self.webs, self.ports = nginx, webs, ports
        self.key = ""

    def ask(self, method, path, **options):
        return requests.request(
            method,
            self.nginx.url + path,
            headers={"Authorization": f"Bearer {self.key}"} | options.pop("headers", {}),
            verify=str(self.nginx.certificate),
            timeout=PATIENCE_SECONDS,
            **options,
        )

    def issue(self, miniprogram, scene):
        return self.ask("POST", "/api/v1/codes/", json={"appid": miniprogram.appid, "scene": scene})

    def entry(self, **wanted):
        """The line of the access log with these values; nginx writes it a moment after the answer."""
        lines = self.nginx.requests
        return wait_until(lambda: next((line for line in lines() if wanted.items() <= line.items()), None), 60)

    def start_all(self):
        """Those that are dead; return once all answer."""
        for web in self.webs:
            if not web.is_alive():
                web.start()
        for web, port in zip(self.webs, self.ports, strict=True):
            web.wait_until(lambda port=port: answers(port), seconds=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def nodes(shared_environment, tmp_path_factory):
    """Two web nodes as the image starts them, behind nginx, with https required."""
    ports = [free_port(), free_port()]
    trusting = {"TRUSTED_PROXIES": "127.0.0.1/32", "TRUST_PROXY_PROTO": "true", "HTTPS_ONLY": "true"}
    environment = shared_environment | trusting | {"ALLOWED_HOSTS": "127.0.0.1,localhost"}
    directory = tmp_path_factory.mktemp("site")
    with ExitStack() as cleanup:
        # one picture storage for all, as a shared volume is
        server = cleanup.enter_context(ForkServer(environment, directory))
        webs = []
        for port in ports:
            node = web_node(f"web{port}", port=port, environment={}, directory=directory / str(port), workers=1)
            web = ForkedNode(server, node)
            cleanup.callback(web.kill)
            webs.append(web.start())
        yield Site(cleanup.enter_context(NginxProcess(directory / "nginx", ports)), webs, ports)


@pytest.fixture
def site(nodes, sandbox):
    """`nodes`, alive, and a key of this test's."""
    nodes.key = create_client(name="shop", scopes=ALL_SCOPES)[1]
    nodes.start_all()
    return nodes


def test_traffic_passes_with_addresses_ids_and_large_bodies(site, sandbox):
    miniprogram = make_miniprogram(sandbox)
    plain = requests.get(site.nginx.plain_url + "/healthz", allow_redirects=False, timeout=PATIENCE_SECONDS)
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
    rows = [{"scene": f"row={number}", "label": "x" * 100} for number in range(MANY_ROWS)]
    checked = site.ask(
        "POST", "/api/v1/batches/?dry_run=1", json={"appid": miniprogram.appid, "name": "many", "rows": rows}
    )
    assert checked.status_code == 200, checked.text[:500]


def test_tokens_and_keys_in_a_query_are_not_in_its_log(site):
    site.ask("GET", "/wechat/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=hush-hush")
    assert site.entry(path="/wechat/cgi-bin/token")
    assert "hush-hush" not in site.nginx.log.read_text()


def test_a_worker_of_the_server_that_died_is_replaced(site):
    web, port = site.webs[0], site.ports[0]
    master, *workers = web.pids()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: set(web.pids()) - {master, *workers}, PATIENCE_SECONDS)
    wait_until(lambda: answers(port), PATIENCE_SECONDS)
    assert web.pids()[0] == master


def test_a_rolling_restart_under_steady_requests_fails_none(site, sandbox):
    miniprogram = make_miniprogram(sandbox)
    assert site.issue(miniprogram, "known").status_code == 201
    sandbox.latency(SIZES.latency, endpoint=CODE)
    over, failed, done = threading.Event(), [], Counter()

    def stream(number):
        count = 0
        while not over.is_set():
            count += 1
            read = f"/api/v1/miniprograms/{miniprogram.appid}/access-token/"
            for answer, good in ((site.issue(miniprogram, f"s{number}={count}"), 201), (site.ask("GET", read), 200)):
                if answer.status_code != good:
                    failed.append(f"{answer.status_code} {answer.text[:200]}")
            done[number] += 1

    def all_are_answered(more=SIZES.answers_per_restart):
        goals = [done[number] + more for number in range(SIZES.clients)]
        wait_until(lambda: failed or all(done[n] >= goal for n, goal in enumerate(goals)), PATIENCE_SECONDS)

    threads = [threading.Thread(target=stream, args=(number,)) for number in range(SIZES.clients)]
    for thread in threads:
        thread.start()
    try:
        all_are_answered()
        for web in site.webs:
            # one that is asked to stop finishes what is under way
            web.stop(seconds=PATIENCE_SECONDS)
            all_are_answered()
            site.start_all()
            all_are_answered()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []


def test_what_is_under_way_on_a_node_that_dies_is_lost_once_and_nothing_that_comes_later(site, sandbox):
    miniprogram = make_miniprogram(sandbox)
    site.issue(miniprogram, "token")
    sandbox.latency(LONG_CALL_SECONDS, endpoint=CODE)
    before = sandbox.count(CODE)
    found = {}

    def post(scene):
        found[scene] = site.issue(miniprogram, scene).status_code

    # one on each node, because the one with fewer under way is asked
    threads = [threading.Thread(target=post, args=(scene,)) for scene in ("a", "b")]
    for thread in threads:
        thread.start()
    wait_until(lambda: sandbox.count(CODE) >= before + 2, PATIENCE_SECONDS)
    site.webs[0].kill()
    for thread in threads:
        thread.join()
    assert sorted(found.values()) == [201, 502]
    # asked once each: nginx did not send the lost one to the other node
    assert sandbox.count(CODE) == before + 2
    sandbox.latency(0, endpoint=CODE)
    # the client repeats it, and gets the code
    lost = next(scene for scene, status in found.items() if status == 502)
    assert site.issue(miniprogram, lost).status_code in (200, 201)
    answered = [site.issue(miniprogram, f"s={number}").status_code for number in range(12)]
    answered += [site.ask("GET", "/api/v1/codes/").status_code for _time in range(12)]
    assert answered == [201] * 12 + [200] * 12
