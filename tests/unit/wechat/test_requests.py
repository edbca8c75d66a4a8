"""The exact bytes that go to WeChat."""

import json

import pytest

from apps.errors import InvalidRequest
from apps.wechat import protocol
from apps.wechat.types import LineColor, UnlimitedCode
from tests.unit.wechat.samples import APPID, SECRET, TOKEN


def body_of(code: UnlimitedCode) -> bytes:
    body = protocol.unlimited_code_request(access_token=TOKEN, code=code).body
    assert body is not None
    return body


def test_a_token_is_asked_for_with_a_get_and_a_query():
    request = protocol.token_request(appid=APPID, secret=SECRET)
    assert (request.method, request.body) == ("GET", None)
    assert request.target == f"/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}"


def test_a_stable_token_is_asked_for_with_nothing_in_the_query():
    request = protocol.stable_token_request(appid=APPID, secret=SECRET, force_refresh=False)
    assert (request.method, request.target) == ("POST", "/cgi-bin/stable_token")
    assert (
        request.body
        == (
            f'{{"grant_type":"client_credential","appid":"{APPID}","secret":"{SECRET}","force_refresh":false}}'
        ).encode()
    )


def test_forcing_a_stable_token_sends_a_true_boolean():
    body = protocol.stable_token_request(appid=APPID, secret=SECRET, force_refresh=True).body
    assert body is not None and b'"force_refresh":true' in body


def test_a_code_is_asked_for_with_the_token_in_the_query_and_all_else_in_the_body():
    request = protocol.unlimited_code_request(access_token=TOKEN, code=UnlimitedCode(scene="a=1"))
    assert (request.method, request.target) == ("POST", f"/wxa/getwxacodeunlimit?access_token={TOKEN}")
    assert request.body == (
        b'{"scene":"a=1","check_path":true,"env_version":"release","width":430,"auto_color":false,'
        b'"line_color":{"r":0,"g":0,"b":0},"is_hyaline":false}'
    )


def test_every_parameter_of_a_code_reaches_the_body():
    code = UnlimitedCode(
        scene="s",
        page="pages/a/b",
        check_path=False,
        env_version="trial",
        width=1280,
        auto_color=True,
        line_color=LineColor(1, 2, 255),
        is_hyaline=True,
    )
    assert body_of(code) == (
        b'{"scene":"s","check_path":false,"env_version":"trial","width":1280,"auto_color":true,'
        b'"line_color":{"r":1,"g":2,"b":255},"is_hyaline":true,"page":"pages/a/b"}'
    )


def test_ampersand_slash_and_quotes_in_scene_go_out_unescaped_trap_15():
    body = body_of(UnlimitedCode(scene="t=403&i=9/9'!#$()*+,:;?@-._~"))
    assert b'"scene":"t=403&i=9/9\'!#$()*+,:;?@-._~"' in body
    assert b"\\" not in body


def test_chinese_in_page_goes_out_as_raw_utf8_trap_15():
    body = body_of(UnlimitedCode(scene="a", page="pages/商品/详情"))
    assert "pages/商品/详情".encode() in body
    assert b"\\u" not in body


def test_booleans_are_json_booleans_and_numbers_json_numbers_trap_18():
    sent = json.loads(body_of(UnlimitedCode(scene="a")))
    assert sent["check_path"] is True and sent["auto_color"] is False and sent["is_hyaline"] is False
    assert type(sent["width"]) is int and all(type(part) is int for part in sent["line_color"].values())


def test_the_home_page_is_asked_for_by_leaving_page_out():
    assert "page" not in json.loads(body_of(UnlimitedCode(scene="a", page="")))


@pytest.mark.parametrize("page", ["pages/\ud800", "pages/\x01", "pages/\n"])
def test_text_that_json_could_only_carry_as_an_escape_is_refused_before_it_is_sent(page):
    with pytest.raises(InvalidRequest) as caught:
        body_of(UnlimitedCode(scene="a", page=page))
    assert list(caught.value.errors or {}) == ["page"]
    caught.value.as_problem()


def test_a_token_with_reserved_characters_is_encoded_in_the_query():
    request = protocol.api_domain_ips_request(access_token="a+b/c=&d")
    assert request.target == "/cgi-bin/get_api_domain_ip?access_token=a%2Bb%2Fc%3D%26d"


def test_clearing_the_quota_sends_its_fields_in_query_and_body():
    request = protocol.clear_quota_request(appid=APPID, secret=SECRET)
    assert request.target == f"/cgi-bin/clear_quota/v2?appid={APPID}&appsecret={SECRET}"
    assert request.body == f'{{"appid":"{APPID}","appsecret":"{SECRET}"}}'.encode()


def test_only_clearing_the_quota_must_not_be_sent_twice():
    repeatable = [
        protocol.token_request(appid=APPID, secret=SECRET),
        protocol.stable_token_request(appid=APPID, secret=SECRET, force_refresh=True),
        protocol.unlimited_code_request(access_token=TOKEN, code=UnlimitedCode(scene="a")),
        protocol.api_domain_ips_request(access_token=TOKEN),
    ]
    assert all(request.is_repeatable for request in repeatable)
    assert not protocol.clear_quota_request(appid=APPID, secret=SECRET).is_repeatable


@pytest.mark.parametrize(
    "request_",
    [
        protocol.token_request(appid=APPID, secret=SECRET),
        protocol.stable_token_request(appid=APPID, secret=SECRET, force_refresh=False),
        protocol.unlimited_code_request(access_token=TOKEN, code=UnlimitedCode(scene="a")),
        protocol.clear_quota_request(appid=APPID, secret=SECRET),
        protocol.api_domain_ips_request(access_token=TOKEN),
    ],
    ids=lambda request: request.path,
)
def test_the_repr_of_a_request_shows_no_credential_trap_25(request_):
    assert SECRET not in repr(request_) and TOKEN not in repr(request_)
