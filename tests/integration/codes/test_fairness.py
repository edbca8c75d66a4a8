"""Who waits for a code waits a short bounded time for WeChat's permit, then hears 429 with the seconds."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.codes import permits
from apps.codes.models import FailedAttempt, IssuedCode
from apps.coordination import scripts
from apps.coordination.rate_limit import acquire_permit
from apps.miniprograms.models import MiniProgram
from apps.tokens.quota import code_permit_pool
from tests.parts import make_api, make_miniprogram, new_appid

UPSTREAM = "/wxa/getwxacodeunlimit"


@pytest.mark.django_db(transaction=True)
def test_a_crowd_is_served_in_turn_and_the_rest_is_told_when_to_come_back(sandbox, monkeypatch):
    shop = make_miniprogram(sandbox, default_page="pages/index/index")
    # a permit every tenth of a second, and patience for two of them, all asked for at one moment: three of eight
    monkeypatch.setattr(permits, "PERMITS_PER_MINUTE", 600)
    monkeypatch.setattr(permits, "PERMIT_BURST", 1)
    monkeypatch.setattr(permits, "PERMIT_WAIT_SECONDS", 0.25)
    monkeypatch.setattr(scripts, "NOW", f"local now = {int(time.time() * 1_000_000)}\n")
    api = make_api()
    # so that nobody waits for the token
    api.get(f"/api/v1/miniprograms/{shop.appid}/access-token/")

    def ask(number):
        try:
            return api.post("/api/v1/codes/", {"appid": shop.appid, "scene": f"t={number}"}, "json")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 5
    for answer in refused:
        assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
        assert answer.json()["code"] == "too_many_requests" and answer.json()["advice"]
        assert answer["Retry-After"] == "1"
    # WeChat never heard of those
    assert sandbox.count(UPSTREAM) == IssuedCode.objects.count() == 3
    assert not FailedAttempt.objects.filter(errcode=45009).exists()


def test_who_waits_for_an_answer_waits_for_no_batch():
    miniprogram = MiniProgram(appid=new_appid())
    terms = {"limit": permits.PERMITS_PER_MINUTE, "period_seconds": 60, "burst": permits.PERMIT_BURST}
    for _ in range(8):
        # a batch takes all that it may have
        permits.plan_permits(miniprogram, count=1000)
        assert acquire_permit(code_permit_pool(miniprogram.appid), **terms, max_wait_seconds=0) == 0.0
