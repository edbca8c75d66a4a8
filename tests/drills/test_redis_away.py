"""Redis paused, killed, restarted, flushed and lost under load: nobody hangs, known tokens are served, all heals."""

import pytest
import requests

from apps.clients.services import create_client
from apps.miniprograms.models import TokenMode
from tests.drills.own_redis import OwnRedis
from tests.drills.sizes import SIZES
from tests.drills.test_stampede import ENDPOINT, fetches
from tests.drills.web_server import start_web
from tests.parts import ALL_SCOPES, make_miniprogram
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = SIZES.readers
MORE = SIZES.answers_per_phase
# what no request may exceed because of Redis; usual are two
HANG_SECONDS = 20.0


@pytest.fixture
def own_redis(tmp_path):
    with OwnRedis(tmp_path / "own-redis") as server:
        yield server


def test_readers_of_known_tokens_are_served_through_everything(sandbox, fleet, own_redis, measured):
    miniprograms = [make_miniprogram(sandbox, token_mode=mode) for mode in TokenMode.values]
    readers = fleet("read", miniprograms, CROWD, repeats=True, redis_url=own_redis.url).go()
    counts = []

    def read_and_count():
        readers.wait_for_answers(MORE)
        counts.append(fetches(sandbox, miniprograms))

    def read_until_fetched(times):
        wait_until(lambda: fetches(sandbox, miniprograms) == [times] * len(miniprograms), HANG_SECONDS)
        read_and_count()

    read_until_fetched(1)
    # a machine that is busy while everybody begins may seem to have no Redis
    known = readers.seconds
    own_redis.pause()
    # while it is paused: who waits for it without end would never be answered
    read_and_count()
    own_redis.resume()
    read_and_count()
    own_redis.kill()
    read_and_count()
    own_redis.start()
    read_and_count()
    own_redis.flush()
    read_until_fetched(2)
    own_redis.kill()
    own_redis.lose_everything()
    read_and_count()
    own_redis.start()
    read_until_fetched(3)
    report = readers.stop().since(known)
    measured(fetches=counts, **report.summary())
    assert report.outcomes.keys() == {"token"}
    assert report.slowest < HANG_SECONDS
    # cold, paused, resumed, killed, back with its data, flushed, lost, empty: three of them needed a fetch
    assert counts == [[times, times] for times in (1, 1, 1, 1, 1, 2, 2, 3)]


def test_a_cold_store_without_redis_is_a_typed_503_or_filled_by_each_process_once(sandbox, fleet, own_redis, measured):
    classic, stable = (make_miniprogram(sandbox, token_mode=mode) for mode in ("classic", "stable"))
    cold = fleet("read", [classic, stable], CROWD, repeats=True, redis_url=own_redis.url)
    own_redis.kill()
    cold.go()
    cold.wait_for_answers(MORE)
    assert fetches(sandbox, [classic, stable]) == [0, CROWD.processes]
    back = cold.seconds
    own_redis.start()
    # a process that has met trouble leaves Redis alone a little longer
    cold.wait_until_all_have("token")
    healed = cold.seconds
    cold.wait_for_answers(MORE)
    report = cold.stop()
    measured(fetches=fetches(sandbox, [classic, stable]), **report.summary())
    away = [attempt for attempt in report.of(classic) if attempt.at < back and attempt.outcome != "token"]
    assert {(attempt.outcome, attempt.status, attempt.retry_after) for attempt in away} == {
        ("redis_unavailable", 503, 2)
    }
    assert report.of(classic).outcomes.keys() == {"token", "redis_unavailable"}
    assert report.of(stable).outcomes.keys() == {"token"}
    assert len(report.tokens(stable.appid)) == 1
    assert set(report.since(healed).outcomes) == {"token"}
    assert report.slowest < HANG_SECONDS
    assert sandbox.count(ENDPOINT["classic"]) == 1


class Web:
    """A real web server; each answer must come in time."""

    def __init__(self, base, key):
        self.base, self.session = base, requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {key}"

    def ask(self, method, path, **options):
        return self.session.request(method, f"{self.base}{path}", timeout=HANG_SECONDS, **options)

    def token(self, miniprogram):
        return self.ask("GET", f"/api/v1/miniprograms/{miniprogram.appid}/access-token/")

    def code(self, miniprogram, scene):
        return self.ask("POST", "/api/v1/codes/", json={"appid": miniprogram.appid, "scene": scene})


@pytest.fixture
def web(fork, own_redis):
    address = start_web(fork, threads=4, REDIS_URL=own_redis.url)
    web = Web(address, create_client(name="drill", scopes=ALL_SCOPES)[1])
    yield web
    web.session.close()


def assert_unavailable(answer):
    problem = answer.json()
    assert (answer.status_code, problem["code"], answer.headers["Retry-After"]) == (503, "redis_unavailable", "2")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["advice"]


def test_over_http_everything_is_served_or_refused_in_time(sandbox, own_redis, web):
    known, *unknown = (make_miniprogram(sandbox, token_mode="classic") for _ in range(3))
    token = web.token(known).json()["access_token"]
    assert web.code(known, "before").status_code == 201
    troubles = {"pause": (own_redis.pause, own_redis.resume), "kill": (own_redis.kill, own_redis.start)}
    for (name, (begin, end)), other in zip(troubles.items(), unknown, strict=True):
        begin()
        assert web.token(known).json()["access_token"] == token
        for _ in range(3):
            assert_unavailable(web.token(other))
            assert_unavailable(web.code(known, name))
        end()
        wait_until(lambda other=other: web.token(other).status_code == 200, HANG_SECONDS)
        assert web.token(known).json()["access_token"] == token
        assert web.code(known, name).status_code == 201
    assert fetches(sandbox, [known, *unknown]) == [1, 1, 1]
