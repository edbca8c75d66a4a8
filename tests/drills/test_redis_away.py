"""Redis paused, killed, restarted, flushed and lost under load: nobody hangs, known tokens are served, all heals."""

import time

import pytest
import requests

from apps.clients.services import create_client
from apps.miniprograms.models import TokenMode
from tests.drills.own_redis import OwnRedis
from tests.drills.test_stampede import ENDPOINT
from tests.parts import ALL_SCOPES, make_miniprogram
from tests.waiting import wait_until
from wxcode.stack.redis_server import free_port

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
# what no request may exceed because of Redis
HANG_SECONDS = 2.0
APPS = 3

both_modes = pytest.mark.parametrize("mode", TokenMode.values)


@pytest.fixture
def own_redis(tmp_path):
    with OwnRedis(tmp_path / "own-redis") as server:
        yield server


@pytest.fixture
def away(own_redis, redis_url):
    """The environment of processes that work on the Redis of this test, and meet on the other."""
    return {"REDIS_URL": own_redis.url, "DRILL_REDIS_URL": redis_url}


@both_modes
def test_readers_of_known_tokens_are_served_through_everything(sandbox, fleet, own_redis, away, measured, mode):
    miniprograms = [make_miniprogram(sandbox, token_mode=mode) for _ in range(APPS)]
    readers = fleet("read", miniprograms, processes=4, threads=6, seconds=18, env=away).go()
    counts = []

    def wait_and_count(seconds):
        time.sleep(seconds)
        counts.append([sandbox.count(ENDPOINT[mode], appid=each.appid) for each in miniprograms])

    wait_and_count(2.5)
    own_redis.pause()
    time.sleep(2.5)
    own_redis.resume()
    wait_and_count(2)
    own_redis.kill()
    time.sleep(2)
    own_redis.start()
    wait_and_count(2)
    own_redis.flush()
    wait_and_count(1)
    own_redis.kill()
    own_redis.lose_everything()
    time.sleep(2)
    own_redis.start()
    wait_and_count(2)
    report = readers.report()
    measured(fetches=counts, **report.summary())
    assert report.outcomes.keys() == {"token"}
    assert report.slowest < HANG_SECONDS
    # cold, paused, killed with its data kept, flushed, lost: only the 1st, 4th and 5th needed a fetch
    assert counts == [[fetches] * APPS for fetches in (1, 1, 1, 2, 3)]


def test_a_cold_classic_store_without_redis_is_a_typed_503(sandbox, fleet, own_redis, away, measured):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    cold = fleet("read", [miniprogram], processes=4, threads=10, seconds=4, env=away)
    own_redis.kill()
    cold.go()
    time.sleep(2)
    own_redis.start()
    report = cold.report()
    measured(fetches=sandbox.count(ENDPOINT["classic"]), **report.summary())
    assert report.outcomes.keys() == {"token", "redis_unavailable"}
    refused = [attempt for attempt in report if attempt.outcome == "redis_unavailable"]
    assert {(attempt.status, attempt.retry_after) for attempt in refused} == {(503, 2)}
    assert report.slowest < HANG_SECONDS
    assert set(report.between(3.7, 9).outcomes) == {"token"}
    assert sandbox.count(ENDPOINT["classic"]) == 1


def test_a_cold_stable_store_without_redis_is_filled_by_each_process_once(sandbox, fleet, own_redis, away, measured):
    miniprogram = make_miniprogram(sandbox, token_mode="stable")
    cold = fleet("read", [miniprogram], processes=4, threads=10, seconds=3, env=away)
    own_redis.kill()
    report = cold.run()
    measured(fetches=sandbox.count(ENDPOINT["stable"]), **report.summary())
    assert report.outcomes.keys() == {"token"}
    assert len(report.tokens(miniprogram.appid)) == 1
    assert report.slowest < HANG_SECONDS
    assert sandbox.count(ENDPOINT["stable"]) == 4


class Web:
    """A real web server; each answer must come in time."""

    def __init__(self, port, key):
        self.base, self.session = f"http://127.0.0.1:{port}", requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {key}"

    def ask(self, method, path, **options):
        answer = self.session.request(method, f"{self.base}{path}", timeout=30, **options)
        assert answer.elapsed.total_seconds() < HANG_SECONDS
        return answer

    def token(self, miniprogram):
        return self.ask("GET", f"/api/v1/miniprograms/{miniprogram.appid}/access-token/")

    def code(self, miniprogram, scene):
        return self.ask("POST", "/api/v1/codes/", json={"appid": miniprogram.appid, "scene": scene})

    def is_up(self):
        try:
            return self.session.get(f"{self.base}/healthz", timeout=1).ok
        except requests.RequestException:
            return False


@pytest.fixture
def web(spawn, sandbox, away):
    port = free_port()
    words = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "1", "--blocking-threads", "4", "--no-ws", "wxcode.wsgi:application"]
    spawn(*words, env=away)
    web = Web(port, create_client(name="drill", scopes=ALL_SCOPES)[1])
    wait_until(web.is_up, seconds=40)
    yield web
    web.session.close()


def assert_unavailable(answer):
    problem = answer.json()
    assert (answer.status_code, problem["code"], answer.headers["Retry-After"]) == (503, "redis_unavailable", "2")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["advice"]


@pytest.mark.parametrize("trouble", ["pause", "kill"])
def test_over_http_everything_is_served_or_refused_in_time(sandbox, own_redis, web, trouble):
    known, unknown = (make_miniprogram(sandbox, token_mode="classic") for _ in range(2))
    token = web.token(known).json()["access_token"]
    assert web.code(known, "before").status_code == 201
    getattr(own_redis, trouble)()
    assert web.token(known).json()["access_token"] == token
    for _ in range(3):
        assert_unavailable(web.token(unknown))
        assert_unavailable(web.code(known, "during"))
        time.sleep(0.5)
    own_redis.resume() if trouble == "pause" else own_redis.start()
    time.sleep(1.2)
    assert web.token(known).json()["access_token"] == token
    assert web.token(unknown).status_code == 200
    assert web.code(known, "during").status_code == 201
    assert sandbox.count(ENDPOINT["classic"]) == 2
