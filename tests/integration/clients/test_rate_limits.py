"""A limited key is told on every answer where it stands, and refused with the seconds to wait."""

import re

import pytest
from django.test import Client

from apps.clients import rate_limits
from apps.clients.facts import forget_everything
from apps.clients.models import ApiClient
from apps.coordination.connection import forget_trouble, redis_connection
from tests.integration.clients.conftest import bearer

LISTED = "/api/v1/codes/"


def told(response):
    return [response.headers.get(name) for name in rate_limits.HEADERS]


def test_every_answer_tells_what_is_left(client, make):
    _client, key = make(rate_limit=3)
    answers = [client.get(LISTED, headers=bearer(key)) for _ in range(3)]
    assert [told(answer)[:2] for answer in answers] == [["3", "2"], ["3", "1"], ["3", "0"]]
    assert all(0 < int(told(answer)[2]) <= 60 for answer in answers)


def test_the_next_request_is_refused_with_the_seconds(client, make):
    _client, key = make(rate_limit=1)
    client.get(LISTED, headers=bearer(key))
    refused = client.get(LISTED, headers=bearer(key))
    problem = refused.json()
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert problem["code"] == "rate_limit_exceeded"
    assert refused["Retry-After"] == refused["X-RateLimit-Reset"] == re.search(r"after (\d+) s", problem["advice"])[1]
    assert told(refused)[:2] == ["1", "0"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/api/v1/miniprograms/wx1/", 403), ("put", LISTED, 405), ("post", "/api/v1/post-only/", 201)],
)
def test_refusals_of_other_kinds_tell_it_too(client, make, miniprogram, method, path, status):
    _client, key = make(rate_limit=9, appids=[miniprogram.appid])
    answer = getattr(client, method)(path, headers=bearer(key))
    assert (answer.status_code, told(answer)[:2]) == (status, ["9", "8"])


def test_a_key_without_a_limit_hears_nothing_and_costs_redis_nothing(client, make, redis_client):
    _client, key = make()
    before = redis_client.info("commandstats").get("cmdstat_eval", {}).get("calls", 0)
    assert told(client.get(LISTED, headers=bearer(key))) == [None] * 3
    assert redis_client.info("commandstats").get("cmdstat_eval", {}).get("calls", 0) == before


def test_who_calls_from_elsewhere_does_not_use_up_the_limit(client, make):
    _client, key = make(rate_limit=1, networks=["10.0.0.0/8"])
    assert [client.get(LISTED, headers=bearer(key)).status_code for _ in range(3)] == [403] * 3
    assert client.get(LISTED, headers=bearer(key), REMOTE_ADDR="10.1.1.1").status_code == 200


def test_a_raised_limit_counts_at_once(client, make):
    _client, key = make(rate_limit=1)
    client.get(LISTED, headers=bearer(key))
    ApiClient.objects.update(rate_limit=2)
    forget_everything()
    assert [client.get(LISTED, headers=bearer(key)).status_code for _ in range(2)] == [200, 429]


def test_without_redis_nobody_is_refused(client, make, settings, redis_url, dead_redis, caplog):
    _client, key = make(rate_limit=1)
    dead_redis()
    rate_limits._Warned.at = -1e9
    try:
        answers = [client.get(LISTED, headers=bearer(key)) for _ in range(3)]
    finally:
        settings.REDIS_URL = redis_url
        redis_connection.cache_clear()
        forget_trouble()
    assert [answer.status_code for answer in answers] == [200] * 3
    assert told(answers[0]) == [None] * 3
    assert caplog.text.count("rate limits of API keys are not kept") == 1
    assert told(client.get(LISTED, headers=bearer(key)))[0] == "1"


@pytest.mark.parametrize("limit", [0, -1, 60_001])
def test_a_limit_that_means_nothing_is_refused(make, limit):
    with pytest.raises(Exception, match="rate_limit"):
        make(rate_limit=limit)


def test_browsers_may_read_the_headers(client, make):
    _client, key = make(rate_limit=5, origins=["https://shop.example.com"])
    answer = client.get(LISTED, headers=bearer(key) | {"Origin": "https://shop.example.com"})
    assert set(rate_limits.HEADERS) < set(answer["Access-Control-Expose-Headers"].split(", "))


def test_the_admin_sets_and_shows_the_limit(operator: Client, make):
    client, _key = make()
    page = f"/admin/clients/apiclient/{client.pk}/change/"
    form = {"name": "shop", "scopes": ["codes:read"], "reach": "all"}
    assert operator.post(page, form | {"rate_limit": "120"}).status_code == 302
    client.refresh_from_db()
    assert client.rate_limit == 120
    assert "greater than or equal to 1" in operator.post(page, form | {"rate_limit": "0"}).text
