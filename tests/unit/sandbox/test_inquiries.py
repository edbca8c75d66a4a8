"""The sandbox answers rid/get and quota/get as WeChat's pages say."""

import re

import pytest

from tests.unit.sandbox.weixin import APPID, CODE, CREDENTIALS, STABLE, TOKEN, ask, code, errcode, fetch, register, said

RID, QUOTA = "/cgi-bin/openapi/rid/get", "/cgi-bin/openapi/quota/get"


def refused_rid(world, token):
    errmsg = said(code(world, token, scene="桌"))["errmsg"]
    return re.search(r"rid: (\S+)$", errmsg)[1]


def look_up(world, token, rid):
    return ask(world, RID, {"access_token": token}, body={"rid": rid})


def quota(world, token, path):
    return said(ask(world, QUOTA, {"access_token": token}, body={"cgi_path": path}))


def test_a_refused_request_is_found_by_its_rid(world):
    token = fetch(world)
    rid = refused_rid(world, token)
    found = said(look_up(world, token, rid))
    assert (found["errcode"], found["errmsg"]) == (0, "ok")
    request = found["request"]
    assert set(request) == {"invoke_time", "cost_in_ms", "request_url", "request_body", "response_body", "client_ip"}
    assert request["invoke_time"] == int(world.clock.now())
    assert '"桌"' in request["request_body"] and rid in request["response_body"]
    assert request["request_url"] == f"access_token={token}"


@pytest.mark.parametrize(
    ("rid", "expected"),
    [
        ("", 76002),
        ("61725984-6126f6f9", 76002),
        ("00000001-6126f6f9-040f19c4", 76004),
        ("{now:08x}-00000000-00000000", 76001),
    ],
)
def test_a_rid_that_says_nothing_has_its_errcode(world, rid, expected):
    token = fetch(world)
    assert errcode(look_up(world, token, rid.format(now=int(world.clock.now())))) == expected


def test_after_seven_days_its_time_is_over(world):
    rid = refused_rid(world, fetch(world))
    world.clock.advance(7 * 86_400 + 1)
    assert errcode(look_up(world, fetch(world), rid)) == 76004


def test_another_accounts_request_is_not_told(world):
    rid = refused_rid(world, fetch(world))
    register(world, appid="wxfedcba9876543210")
    other = said(ask(world, TOKEN, CREDENTIALS | {"appid": "wxfedcba9876543210"}))["access_token"]
    assert errcode(look_up(world, other, rid)) == 76003


def test_a_rid_must_be_a_text(world):
    assert errcode(look_up(world, fetch(world), 7)) == 47001


def test_the_quota_of_tokens_counts_down(world):
    token = fetch(world)
    assert quota(world, token, TOKEN)["quota"] == {"daily_limit": 2000, "used": 1, "remain": 1999}
    world.clock.advance(86_400)
    assert quota(world, fetch(world), TOKEN)["quota"]["used"] == 1


def test_what_is_limited_by_the_minute_says_so(world):
    token = fetch(world)
    assert quota(world, token, CODE)["rate_limit"] == {"call_count": 5000, "refresh_second": 60}
    assert quota(world, token, CODE)["quota"] == {"daily_limit": 0, "used": 0, "remain": 0}
    assert quota(world, token, STABLE)["rate_limit"]["call_count"] == 10_000
    assert "rate_limit" not in quota(world, token, TOKEN)


@pytest.mark.parametrize("path", ["", "wxa/getwxacodeunlimit", "https://api.weixin.qq.com/wxa/getwxacodeunlimit"])
def test_a_path_that_is_none_is_refused(world, path):
    assert quota(world, fetch(world), path)["errcode"] == 76021


def test_both_want_a_token(world):
    assert errcode(ask(world, RID, {"access_token": "x" * 136}, body={"rid": "a"})) == 40014
    assert errcode(ask(world, QUOTA, {}, body={"cgi_path": CODE})) == 41001
    assert APPID in world.apps
