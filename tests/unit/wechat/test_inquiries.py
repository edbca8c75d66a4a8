"""rid/get and quota/get: their bytes, their answers, their errors with advice, and no credential in a report."""

import json

import pytest

from apps.wechat import inquiries
from apps.wechat.errcodes import find_errcode
from apps.wechat.errors import InputRejected, MalformedResponse
from apps.wechat.types import ApiQuota
from tests.unit.wechat.samples import APPID, RID, SECRET, TOKEN, json_answer, refusal

QUOTA = inquiries.quota_request(access_token=TOKEN, cgi_path="/wxa/getwxacodeunlimit")
LOOK_UP = inquiries.rid_request(access_token=TOKEN, rid=RID)
REQUEST = {
    "invoke_time": 1635156704,
    "cost_in_ms": 30,
    "request_url": f"access_token={TOKEN}",
    "request_body": json.dumps({"appid": APPID, "secret": SECRET}),
    "response_body": json.dumps({"access_token": "50_" + "x" * 130, "expires_in": 7200}),
    "client_ip": "203.0.113.7",
}


def test_they_are_asked_as_the_pages_say():
    assert (QUOTA.method, QUOTA.target) == ("POST", f"/cgi-bin/openapi/quota/get?access_token={TOKEN}")
    assert QUOTA.body == b'{"cgi_path":"/wxa/getwxacodeunlimit"}'
    assert LOOK_UP.target == f"/cgi-bin/openapi/rid/get?access_token={TOKEN}"
    assert LOOK_UP.body == f'{{"rid":"{RID}"}}'.encode()


def test_a_quota_is_read_with_and_without_a_pace():
    day = {"daily_limit": 10, "used": 3, "remain": 7}
    answer = {"errcode": 0, "errmsg": "ok", "quota": day, "rate_limit": {"call_count": 5000, "refresh_second": 60}}
    assert inquiries.read_quota(QUOTA, json_answer(answer)) == ApiQuota(10, 3, 7, 5000, 60)
    del answer["rate_limit"]
    assert inquiries.read_quota(QUOTA, json_answer(answer)) == ApiQuota(10, 3, 7)


@pytest.mark.parametrize("quota", [None, [], {}, {"daily_limit": "many", "used": 0, "remain": 0}])
def test_an_answer_without_a_usable_quota_is_malformed(quota):
    with pytest.raises(MalformedResponse):
        inquiries.read_quota(QUOTA, json_answer({"errcode": 0, "quota": quota}))


def test_a_report_has_no_credential_of_the_request_or_the_answer():
    report = inquiries.read_rid_report(LOOK_UP, json_answer({"errcode": 0, "errmsg": "ok", "request": REQUEST}))
    assert (report.invoked_at, report.cost_ms, report.client_ip) == (1635156704, 30, "203.0.113.7")
    texts = " ".join([report.request_url, report.request_body, report.response_body])
    assert TOKEN not in texts and SECRET not in texts and "xxxxxx" not in texts
    assert APPID in texts and "7200" in texts and "[removed]" in texts


@pytest.mark.parametrize("request_", [None, {}, "no", {"invoke_time": "yesterday"}])
def test_an_answer_without_a_report_is_malformed(request_):
    with pytest.raises(MalformedResponse):
        inquiries.read_rid_report(LOOK_UP, json_answer({"errcode": 0, "request": request_}))


@pytest.mark.parametrize("errcode", [76001, 76002, 76003, 76004, 76021, 76022])
def test_their_errcodes_are_typed_and_say_what_to_do(errcode):
    with pytest.raises(InputRejected) as refused:
        inquiries.read_rid_report(LOOK_UP, refusal(errcode))
    assert refused.value.advice and refused.value.rid == RID
    assert find_errcode(errcode).cure_zh
