"""`/metrics`: closed until an operator opens it, true over all processes, and never with a credential in it."""

import re
import threading
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from apps.batches.models import BatchState, CodeBatch
from apps.coordination.connection import forget_trouble, redis_connection
from apps.coordination.counting import tally
from apps.monitoring.listening import count_call
from apps.monitoring.workers import note_worker
from apps.tokens import heartbeat
from apps.wechat.calls import Call
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-prometheus"


@pytest.fixture
def scrape(client, settings):
    """Every sample as {(name, labels): value}."""
    settings.METRICS_TOKEN = TOKEN

    def read():
        answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.content.decode())
            for sample in family.samples
        }

    return read


def issue(miniprogram, api=None):
    body = {"appid": miniprogram.appid, "scene": "table=7"}
    return (api or make_api()).post("/api/v1/codes/", body, format="json")


def test_without_a_setting_nobody_reads_them_not_even_from_this_machine(client):
    answer = client.get("/metrics")
    assert answer.status_code == 403
    assert answer.json()["code"] == "metrics_closed"
    assert "METRICS_NETWORKS" in answer.json()["advice"]


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Bearer schlüssel"])
def test_another_token_is_refused(client, settings, given):
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"authorization": given}).status_code == 403


def test_a_listed_network_reads_without_a_token(client, settings):
    settings.METRICS_NETWORKS = ["10.1.0.0/16"]
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="10.2.2.3").status_code == 403
    assert client.get("/metrics", REMOTE_ADDR="10.2.2.3", headers={"x-forwarded-for": "10.1.2.3"}).status_code == 403


def test_only_reading_is_allowed(client):
    assert client.post("/metrics").status_code == 405


def test_an_issued_code_leaves_its_fetch_its_call_and_its_permit(sandbox, scrape, clock):
    clock.stop()
    miniprogram = make_miniprogram(sandbox)
    api = make_api()
    assert issue(miniprogram, api).status_code == 201
    issue(miniprogram, api)
    clock.advance(20)
    found, appid = scrape(), ("appid", miniprogram.appid)
    assert found["wxcode_codes_total", appid, ("result", "issued")] == 1
    assert found["wxcode_codes_total", appid, ("result", "reused")] == 1
    assert found["wxcode_token_events_total", appid, ("outcome", "refreshed")] == 1
    assert found["wxcode_permits_total", ("pool", f"codes:{miniprogram.appid}"), ("result", "given")] == 1
    endpoint = ("endpoint", "/wxa/getwxacodeunlimit")
    assert found["wxcode_upstream_seconds_count", endpoint, ("errcode", "0")] == 1
    assert found["wxcode_upstream_seconds_bucket", endpoint, ("errcode", "0"), ("le", "+Inf")] == 1
    assert found["wxcode_upstream_seconds_sum", endpoint, ("errcode", "0")] > 0
    assert found["wxcode_token_age_seconds", appid] == pytest.approx(20, abs=0.1)
    assert found["wxcode_token_expires_seconds", appid] == pytest.approx(7180, abs=2)
    assert found["wxcode_tokens", ("state", "fresh")] == 1


def test_a_failed_refresh_shows_its_errcode(sandbox, scrape):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("wrong_secret")
    assert issue(miniprogram).status_code == 502
    found, appid = scrape(), ("appid", miniprogram.appid)
    assert found["wxcode_token_failures", appid, ("errcode", "40125")] == 1
    assert found["wxcode_token_events_total", appid, ("outcome", "failed")] == 1
    assert found["wxcode_tokens", ("state", "trouble")] == 1
    (calls,) = [key for key in found if key[0] == "wxcode_upstream_seconds_count" and ("errcode", "40125") in key]
    assert found[calls] == 1


def test_calls_fall_into_cumulative_buckets(scrape):
    for seconds in (0.01, 0.3, 0.4, 99.0):
        count_call(Call("/x", "0", "", seconds))
    found = scrape()

    def bucket(limit):
        return found["wxcode_upstream_seconds_bucket", ("endpoint", "/x"), ("errcode", "0"), ("le", limit)]

    assert [bucket(limit) for limit in ("0.05", "0.25", "0.5", "15.0", "+Inf")] == [1, 1, 3, 3, 4]
    assert found["wxcode_upstream_seconds_sum", ("endpoint", "/x"), ("errcode", "0")] == pytest.approx(99.71)


def test_without_redis_the_rest_is_still_told_and_the_counts_wait(settings, redis_url, dead_redis, scrape):
    dead_redis()
    tally("codes", "wx1", "issued", amount=3)
    found = scrape()
    assert [found["wxcode_part_up", ("part", part)] for part in ("redis", "database", "storage")] == [0, 1, 1]
    settings.REDIS_URL = redis_url
    redis_connection.cache_clear()
    forget_trouble()
    assert scrape()["wxcode_codes_total", ("appid", "wx1"), ("result", "issued")] == 3


def test_a_full_disk_is_told(scrape, monkeypatch):
    monkeypatch.setattr("apps.monitoring.storage.FREE_BYTES", 1 << 62)
    assert scrape()["wxcode_part_up", ("part", "storage")] == 0


def test_a_storage_that_hangs_costs_none_of_the_rest(scrape, monkeypatch):
    is_over = threading.Event()
    monkeypatch.setattr("apps.monitoring.storage.find_storage_trouble", lambda: str(is_over.wait(30)))
    monkeypatch.setattr("apps.monitoring.storage.LONGEST_SECONDS", 0.05)
    found = scrape()
    is_over.set()
    assert found["wxcode_part_up", ("part", "storage")] == 0
    assert found["wxcode_part_up", ("part", "redis")] == 1


def test_batches_beat_workers_and_the_queue_are_told(sandbox, scrape, redis_client, clock):
    clock.stop()
    miniprogram, now = make_miniprogram(sandbox), time.time()
    CodeBatch.objects.create(
        miniprogram=miniprogram,
        name="b",
        state=BatchState.RUNNING,
        total=10,
        issued=3,
        failed=1,
        door="api",
        issued_by="client:x",
        pace=[[now - 10, 0], [now, 4]],
    )
    heartbeat.note_run(now=now - 7)
    note_worker("celery@one", now=now - 3)
    redis_client.rpush("wxcode", "{}", "{}")
    found = scrape()
    appid = ("appid", miniprogram.appid)
    assert found["wxcode_batch_rows_waiting", appid, ("state", "running")] == 6
    assert found["wxcode_batch_rows_per_minute", appid] == pytest.approx(24, abs=0.1)
    assert found["wxcode_beat_age_seconds",] == pytest.approx(7, abs=0.1)
    assert found["wxcode_worker_age_seconds", ("worker", "celery@one")] == pytest.approx(3, abs=0.1)
    assert found["wxcode_queue_depth",] == 2


def test_no_token_and_no_secret_is_in_them(sandbox, client, settings, redis_client):
    settings.METRICS_TOKEN = TOKEN
    secret = "0123456789abcdef0123456789abcdef"
    miniprogram = make_miniprogram(sandbox, secret=secret)
    issue(miniprogram)
    token = redis_client.hget(f"wxcode:token:{miniprogram.appid}", "value").decode()
    text = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()
    assert "wxcode_upstream_seconds_bucket" in text
    assert [value for value in (secret, token, TOKEN) if value in text] == []
    assert not re.search(r"wxc_\w{52}", text)
