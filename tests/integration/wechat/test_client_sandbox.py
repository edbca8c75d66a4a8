"""The client against the sandbox WeChat, each side written without the other's code."""

from typing import Any

import pytest

from apps.wechat.client import WeChatClient
from apps.wechat.connection import wechat_client
from apps.wechat.errors import (
    CredentialProblem,
    InputRejected,
    MalformedResponse,
    QuotaExhausted,
    TokenRejected,
    WeChatBusy,
    WeChatTimeout,
    WeChatUnreachable,
)
from apps.wechat.types import CodeImage, LineColor, UnlimitedCode
from tests.unit.wechat.samples import APPID, SECRET

CODE_PATH = "/wxa/getwxacodeunlimit"


@pytest.fixture
def client(sandbox: Any) -> WeChatClient:
    sandbox.register(APPID, SECRET, released_pages=["pages/index/index"])
    return wechat_client(is_sandbox=True)


def issue(client: WeChatClient, **fields: Any) -> CodeImage:
    token = client.stable_token(appid=APPID, secret=SECRET)
    return client.unlimited_code(access_token=token.value, code=UnlimitedCode(**{"scene": "id=1&k=/"} | fields))


def test_a_token_and_a_code_are_had(client):
    image = issue(client, page="pages/index/index")
    assert (image.media_type, image.width, image.height) == ("image/jpeg", 430, 430)


def test_a_transparent_code_of_another_size_is_had(client):
    image = issue(client, width=1280, is_hyaline=True, line_color=LineColor(255, 0, 9))
    assert (image.media_type, image.width) == ("image/png", 1280)


def test_classic_tokens_change_and_stable_ones_stay(client):
    classic = {client.token(appid=APPID, secret=SECRET).value for _ in range(2)}
    stable = {client.stable_token(appid=APPID, secret=SECRET).value for _ in range(2)}
    assert (len(classic), len(stable)) == (2, 1)


def test_forcing_makes_a_new_stable_token(client, sandbox):
    first = client.stable_token(appid=APPID, secret=SECRET).value
    sandbox.advance(31)
    assert client.stable_token(appid=APPID, secret=SECRET, force_refresh=True).value != first


def test_a_wrong_secret_is_an_operators_problem(client):
    with pytest.raises(CredentialProblem) as caught:
        client.token(appid=APPID, secret="0" * 32)
    assert caught.value.errcode in (40001, 40125) and caught.value.rid


def test_a_foreign_address_is_shown_as_wechat_saw_it(client, sandbox):
    sandbox.register(APPID, SECRET, allowed_ips=["203.0.113.7"])
    with pytest.raises(CredentialProblem) as caught:
        client.stable_token(appid=APPID, secret=SECRET)
    assert (caught.value.errcode, caught.value.seen_ip) == (40164, "127.0.0.1")


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"page": "pages/none"}, 41030),
        ({"page": "/pages/index/index"}, 41030),
        ({"scene": "x" * 33}, 40169),
        ({"scene": ""}, 40169),
        ({"scene": "100%"}, 40129),
        ({"scene": "中"}, 40129),
        ({"scene": "scancode_time"}, 85096),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_bad_input_is_rejected_with_errcode_rid_and_advice(client, fields, errcode):
    with pytest.raises(InputRejected) as caught:
        issue(client, **fields)
    problem = caught.value.as_problem()
    assert (problem["errcode"], problem["status"]) == (errcode, 422)
    assert problem["rid"] and problem["advice"]


def test_a_token_of_nobody_is_rejected(client):
    with pytest.raises(TokenRejected):
        client.unlimited_code(access_token="85_nobody", code=UnlimitedCode(scene="a"))


def test_a_good_token_passes_the_probe(client):
    token = client.stable_token(appid=APPID, secret=SECRET)
    assert client.api_domain_ips(access_token=token.value)


def test_the_quota_can_be_cleared(client):
    client.clear_quota(appid=APPID, secret=SECRET)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("busy", WeChatBusy),
        ("minute_quota", WeChatBusy),
        ("quota", QuotaExhausted),
        ("expired_token", TokenRejected),
        ("invalid_token", TokenRejected),
        ("unpublished_page", InputRejected),
        ("hang", WeChatTimeout),
        ("slow", WeChatTimeout),
        ("reset", WeChatUnreachable),
        ("http_500", WeChatUnreachable),
        ("http_502", WeChatUnreachable),
        ("html_page", MalformedResponse),
        ("garbage", MalformedResponse),
        ("empty_body", MalformedResponse),
        ("truncated_picture", MalformedResponse),
        ("cut_connection", MalformedResponse),
        ("json_as_picture", WeChatBusy),
    ],
)
def test_every_fault_of_the_sandbox_is_an_error_of_ours(client, sandbox, fault, kind):
    token = client.stable_token(appid=APPID, secret=SECRET)
    sandbox.fault(fault, endpoint=CODE_PATH)
    other = WeChatClient(sandbox.url, code_timeout=0.1 if kind is WeChatTimeout else 60)
    with pytest.raises(kind):
        other.unlimited_code(access_token=token.value, code=UnlimitedCode(scene="a"))
    sandbox.clear_faults()
    other.code_timeout = 60
    assert other.unlimited_code(access_token=token.value, code=UnlimitedCode(scene="a")).width == 430


def test_quotas_and_rids_are_looked_up(sandbox):
    sandbox.register(APPID, SECRET)
    client = wechat_client(is_sandbox=True)
    token = client.stable_token(appid=APPID, secret=SECRET).value
    assert client.quota(access_token=token, cgi_path="/cgi-bin/token").daily_limit == 2000
    with pytest.raises(InputRejected) as refused:
        client.quota(access_token=token, cgi_path="/nowhere")
    report = client.rid_report(access_token=token, rid=refused.value.rid)
    assert "/nowhere" in report.request_body and "76021" in report.response_body
    assert token not in report.request_url
