"""clear_quota/v2: without a token, ten times a month."""

import pytest

from tests.unit.sandbox.weixin import (
    APPID,
    CLEAR,
    CREDENTIALS,
    SECRET,
    TOKEN,
    ask,
    code,
    errcode,
    fetch,
    register,
    said,
)

WHO = {"appid": APPID, "appsecret": SECRET}


def exhaust_tokens(world) -> None:
    app = world.apps[APPID]
    app.fetches.take(world.clock.day())
    app.fetches.used = app.fetches.limit


def test_it_makes_an_exhausted_token_quota_whole(world):
    exhaust_tokens(world)
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == 45009
    assert said(ask(world, CLEAR, body=WHO)) == {"errcode": 0, "errmsg": "ok"}
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == 0


def test_it_makes_the_minute_of_codes_whole(world):
    register(world, code_calls_per_minute=1)
    token = fetch(world)
    assert [errcode(code(world, token)) for _ in range(2)] == [0, 45009]
    ask(world, CLEAR, body=WHO)
    assert errcode(code(world, token)) == 0


def test_the_query_string_does_as_well(world):
    assert errcode(ask(world, CLEAR, WHO, method="POST")) == 0


def test_the_eleventh_of_a_month_is_refused(world):
    assert [errcode(ask(world, CLEAR, body=WHO)) for _ in range(11)] == [0] * 10 + [48006]
    world.clock.advance(10 * 86_400)
    assert errcode(ask(world, CLEAR, body=WHO)) == 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"appid": ""}, 41002), ({"appid": "wx"}, 40013), ({"appsecret": ""}, 41004), ({"appsecret": "x"}, 40125)],
)
def test_refused_credentials(world, fields, expected):
    assert errcode(ask(world, CLEAR, body=WHO | fields)) == expected


def test_get_is_told_to_post(world):
    assert errcode(ask(world, CLEAR, WHO)) == 43002
