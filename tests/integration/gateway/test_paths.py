"""A base address that is set wrongly, and what Django itself refuses, are told in WeChat's shape."""

import json

import pytest

from tests.integration.gateway.knocking import TOKEN, UNLIMITED, errcode

pytestmark = pytest.mark.django_db
MISTAKES = {
    "/cgi-bin/stable_token": "/wechat is missing",
    "/wxa/getwxacodeunlimit": "/wechat is missing",
    "//cgi-bin/token": "/wechat is missing",
    "//wechat/cgi-bin/token": "one slash too many",
    "/wechat//cgi-bin/token": "one slash too many",
    "/wechat/wxa/getwxacodeunlimit/": "one slash too many",
    "/wechat/cgi-bin//wxaapp/createwxaqrcode": "one slash too many",
    "/wechat/wechat/cgi-bin/stable_token": "/wechat is there 2 times",
}


def told(answer):
    errcode(answer)
    return json.loads(answer.content)["errmsg"]


@pytest.mark.parametrize("path", MISTAKES)
def test_a_misspelt_address_is_told_with_the_right_one(client, path):
    for method in ("GET", "POST"):
        said = told(client.generic(method, path, b"{}", PATH_INFO=path))
        assert said.startswith("invalid url") and MISTAKES[path] in said
        right = path.strip("/").replace("//", "/").split("wechat/")[-1]
        assert f"the base address is http://testserver/wechat, and this path http://testserver/wechat/{right}" in said


@pytest.mark.parametrize("path", ["/wechat/wxa/msg_sec_check", "/wxa/msg_sec_check", "/wechat", "/cgi-bin/"])
def test_what_wxcode_does_not_serve_is_asked_of_wechat(client, path):
    assert "call api.weixin.qq.com itself" in told(client.get(path))


def test_the_api_names_the_address_with_single_slashes(client):
    for path in ("//api/v1/codes/", "/api//v1/codes/"):
        answer = client.get(path, PATH_INFO=path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert answer.json()["advice"].endswith(" /api/v1/codes/")


@pytest.mark.parametrize("path", [TOKEN, UNLIMITED, "/wxa/getwxacode", "/login/", "/api/v1/codes/", "/api/qrcode"])
def test_a_host_that_is_not_allowed_is_named_with_the_setting(client, path):
    text = client.get(path, headers={"host": "other.example"}).text
    assert "other.example" in text and "ALLOWED_HOSTS" in text


def test_a_fault_of_ours_is_wechats_system_error(client, monkeypatch):
    def fail(*_args, **_options):
        raise RuntimeError("a fault")

    monkeypatch.setattr("apps.gateway.wechat_tokens.parse_object", fail)
    client.raise_request_exception = False
    assert errcode(client.post("/wechat/cgi-bin/stable_token")) == -1
