"""Who waits for a code waits a short bounded time for WeChat's permit, then hears 429 with the seconds."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.codes.models import FailedAttempt, IssuedCode
from tests.parts import make_api, make_miniprogram

UPSTREAM = "/wxa/getwxacodeunlimit"


@pytest.mark.django_db(transaction=True)
def test_a_crowd_is_served_in_turn_and_the_rest_is_told_when_to_come_back(sandbox, monkeypatch):
    shop = make_miniprogram(sandbox, default_page="pages/index/index")
    # a permit every half second, and a second of patience: three of eight
    monkeypatch.setattr("apps.codes.permits.PERMITS_PER_MINUTE", 120)
    monkeypatch.setattr("apps.codes.permits.PERMIT_BURST", 1)
    monkeypatch.setattr("apps.codes.permits.PERMIT_WAIT_SECONDS", 1.2)
    api = make_api()
    # so that nobody waits for the token
    api.get(f"/api/v1/miniprograms/{shop.appid}/access-token/")

    def ask(number):
        started = time.monotonic()
        try:
            answer = api.post("/api/v1/codes/", {"appid": shop.appid, "scene": f"t={number}"}, "json")
        finally:
            connection.close()
        return answer, time.monotonic() - started

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    refused = [(answer, seconds) for answer, seconds in answers if answer.status_code != 201]
    assert len(refused) == 5
    for answer, seconds in refused:
        assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
        assert answer.json()["code"] == "too_many_requests" and answer.json()["advice"]
        assert 1 <= int(answer["Retry-After"]) <= 3
        assert seconds < 1.2
    assert max(seconds for _answer, seconds in answers) < 4
    # WeChat never heard of those
    assert sandbox.count(UPSTREAM) == IssuedCode.objects.count() == 3
    assert not FailedAttempt.objects.filter(errcode=45009).exists()
