"""POST codes/ and POST batches/ with an Idempotency-Key: repeated, they never make two."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.batches.models import CodeBatch
from apps.codes.models import IssuedCode
from apps.coordination.connection import forget_trouble, redis_connection
from tests.parts import make_api, make_miniprogram

CODES, BATCHES = "/api/v1/codes/", "/api/v1/batches/"
UPSTREAM = "/wxa/getwxacodeunlimit"
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(sandbox):
    return make_miniprogram(sandbox, default_page="pages/index/index")


def send(api, path, body, key, query=""):
    return api.post(f"{path}{query}", body, "json", headers={"Idempotency-Key": key})


def test_a_repeated_code_is_the_same_and_says_so(sandbox, shop):
    api, body = make_api(), {"appid": shop.appid, "scene": "a=1"}
    first, second = send(api, CODES, body, "order-7"), send(api, CODES, body, "order-7")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert first.headers.get("Idempotency-Replayed") is None
    assert second["Idempotency-Replayed"] == "true"
    assert sandbox.count(UPSTREAM) == 1


@pytest.mark.parametrize("path", [CODES, BATCHES])
def test_the_same_key_with_another_body_is_refused_and_makes_nothing(shop, path):
    api, body = make_api(), {"appid": shop.appid}
    bodies = [{"scene": f"a={n}"} if path == CODES else {"rows": [{"scene": f"a={n}"}]} for n in (1, 2)]
    assert send(api, path, body | bodies[0], "order-7").status_code == 201
    refused = send(api, path, body | bodies[1], "order-7")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert refused["Content-Type"] == "application/problem+json" and refused.json()["advice"]
    assert IssuedCode.objects.count() + CodeBatch.objects.count() == 1


def test_a_refused_request_may_be_corrected_under_its_key(shop):
    api = make_api()
    assert send(api, CODES, {"appid": shop.appid, "scene": "桌"}, "order-7").status_code == 400
    assert send(api, CODES, {"appid": shop.appid, "scene": "a=1"}, "order-7").status_code == 201
    rows = [{"scene": "桌"}]
    assert send(api, BATCHES, {"appid": shop.appid, "rows": rows}, "order-8").status_code == 400
    assert send(api, BATCHES, {"appid": shop.appid, "rows": [{"scene": "a"}]}, "order-8").status_code == 201


def test_what_wechat_refused_may_be_tried_again_under_its_key(sandbox, shop):
    api, body = make_api(), {"appid": shop.appid, "scene": "a=1"}
    sandbox.fault("errcode", endpoint=UPSTREAM, errcode=45009, times=1)
    assert send(api, CODES, body, "order-7").status_code == 503
    assert send(api, CODES, body, "order-7").status_code == 201


def test_a_repeated_batch_is_the_first_one(shop):
    api, body = make_api(), {"appid": shop.appid, "rows": [{"scene": "a=1"}, {"scene": "a=2"}]}
    first, second = send(api, BATCHES, body, "order-7"), send(api, BATCHES, body, "order-7")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first["Location"] == second["Location"]
    assert second["Idempotency-Replayed"] == "true" and first.headers.get("Idempotency-Replayed") is None
    assert CodeBatch.objects.count() == 1


@pytest.mark.both_databases
def test_a_batch_whose_process_died_before_it_was_noted_is_made_once(shop, redis_client):
    api, body = make_api(), {"appid": shop.appid, "rows": [{"scene": "a=1"}]}
    first = send(api, BATCHES, body, "order-7")
    # the note is Redis's; the name is stored with the batch
    redis_client.flushall()
    second = send(api, BATCHES, body, "order-7")
    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert second["Idempotency-Replayed"] == "true"
    redis_client.flushall()
    refused = send(api, BATCHES, body | {"name": "other"}, "order-7")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert CodeBatch.objects.count() == 1


def test_after_a_day_the_key_of_a_batch_is_free(shop, redis_client):
    api, body = make_api(), {"appid": shop.appid, "rows": [{"scene": "a=1"}]}
    send(api, BATCHES, body, "order-7")
    CodeBatch.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    redis_client.flushall()
    assert send(api, BATCHES, body | {"name": "other"}, "order-7").status_code == 201
    assert CodeBatch.objects.count() == 2


def test_without_a_key_two_orders_are_two_batches(shop):
    api, body = make_api(), {"appid": shop.appid, "rows": [{"scene": "a=1"}]}
    assert [api.post(BATCHES, body, "json").status_code for _ in range(2)] == [201, 201]
    assert CodeBatch.objects.count() == 2


def test_a_form_that_is_encoded_anew_is_the_same_request(shop):
    api = make_api()

    def upload(content, boundary):
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="appid"\r\n\r\n{shop.appid}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n{content}\r\n'
            f"--{boundary}--\r\n"
        )
        kind = f"multipart/form-data; boundary={boundary}"
        return api.generic("POST", BATCHES, body, content_type=kind, headers={"Idempotency-Key": "order-7"})

    answers = [upload("scene\na=1\n", "one"), upload("scene\na=1\n", "two"), upload("scene\na=2\n", "three")]
    assert [answer.status_code for answer in answers] == [201, 201, 422]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1].json()["progress"]["total"] == 1


def test_a_dry_run_uses_no_key_up(shop):
    api, body = make_api(), {"appid": shop.appid, "rows": [{"scene": "a=1"}]}
    assert send(api, BATCHES, body, "order-7", "?dry_run=1").status_code == 200
    assert send(api, BATCHES, {**body, "name": "other"}, "order-7").status_code == 201


def test_two_clients_may_use_the_same_key(shop):
    bodies = [{"appid": shop.appid, "scene": f"a={n}"} for n in (1, 2)]
    answers = [send(make_api(name=f"n{n}"), CODES, body, "1") for n, body in enumerate(bodies)]
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256])
@pytest.mark.parametrize("path", [CODES, BATCHES])
def test_a_key_that_is_none_is_refused_with_its_name(shop, key, path):
    body = {"appid": shop.appid} | ({"scene": "a=1"} if path == CODES else {"rows": [{"scene": "a=1"}]})
    refused = send(make_api(), path, body, key)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["Idempotency-Key"])


def test_without_redis_a_batch_with_a_key_is_not_begun(shop, settings, redis_url):
    api, body = make_api(), {"appid": shop.appid, "rows": [{"scene": "a=1"}]}
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_connection.cache_clear()
    try:
        refused = send(api, BATCHES, body, "order-7")
    finally:
        settings.REDIS_URL = redis_url
        redis_connection.cache_clear()
        forget_trouble()
    assert (refused.status_code, refused["Retry-After"]) == (503, "2")
    assert not CodeBatch.objects.exists()


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one_batch(shop, monkeypatch):
    body = {"appid": shop.appid, "rows": [{"scene": f"a={n}"} for n in range(50)]}
    api = make_api()

    def order(_number):
        try:
            return send(api, BATCHES, body, "order-7").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(order, range(8))) == [201] * 8
    assert CodeBatch.objects.count() == 1
