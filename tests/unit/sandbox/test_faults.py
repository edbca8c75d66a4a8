"""Named faults and latency: whom they strike, how often, and what the caller gets."""

import json

import pytest

from apps.sandbox.faults import NAMES, Fault
from apps.sandbox.wire import JSON_TYPE, Delivery
from tests.unit.sandbox.weixin import (
    APPID,
    CODE,
    CREDENTIALS,
    PROBE,
    STABLE,
    TOKEN,
    ask,
    code,
    errcode,
    fetch,
    probe,
    register,
    said,
    stable,
)

OTHER = "wxffffffffffffffff"


@pytest.fixture
def token(world) -> str:
    return fetch(world)


def order(world, name: str, **fields) -> None:
    world.faults.add(Fault(name, **fields))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("busy", -1),
        ("expired_token", 42001),
        ("invalid_token", 40001),
        ("quota", 45009),
        ("minute_quota", 45011),
        ("unpublished_page", 41030),
    ],
)
def test_refusals_of_a_code(world, token, name, expected):
    order(world, name)
    assert [errcode(code(world, token)) for _ in range(3)] == [expected] * 3
    world.faults.clear()
    assert errcode(code(world, token)) == 0


@pytest.mark.parametrize(("name", "expected"), [("wrong_secret", 40125), ("ip_not_allowed", 40164), ("busy", -1)])
def test_refusals_of_a_token(world, name, expected):
    order(world, name)
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == expected
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == expected


def test_ip_not_allowed_tells_the_callers_address(world):
    order(world, "ip_not_allowed")
    assert "invalid ip 192.0.2.5 ipv6" in said(ask(world, TOKEN, CREDENTIALS, ip="192.0.2.5"))["errmsg"]


def test_a_fault_of_tokens_leaves_token_calls_alone_and_the_other_way_round(world, token):
    order(world, "invalid_token")
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == 0
    world.faults.clear()
    order(world, "wrong_secret")
    assert errcode(code(world, token)) == 0


def test_any_errcode_with_any_text(world, token):
    order(world, "errcode", errcode=89503, errmsg="ask the boss")
    answer = said(code(world, token))
    assert answer["errcode"] == 89503
    assert answer["errmsg"].startswith("ask the boss rid: ")


def test_so_many_times_and_then_no_more(world, token):
    order(world, "busy", times=2, endpoint=CODE)
    assert [errcode(code(world, token)) for _ in range(3)] == [-1, -1, 0]


def test_only_the_named_endpoint(world, token):
    order(world, "busy", endpoint=PROBE)
    assert (probe(world, token), errcode(code(world, token))) == (-1, 0)


def test_only_the_named_app(world, token):
    register(world, OTHER, "other")
    other = world.mint(world.apps[OTHER], "classic", "fetch").value
    order(world, "busy", appid=APPID)
    assert (probe(world, token), probe(world, other)) == (-1, 0)
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == -1


def test_faults_queue_up(world, token):
    order(world, "busy", times=1)
    order(world, "expired_token", times=1)
    assert [probe(world, token) for _ in range(3)] == [-1, 42001, 0]


@pytest.mark.parametrize(("name", "status"), [("http_500", 500), ("http_502", 502)])
def test_gateway_errors(world, token, name, status):
    order(world, name)
    reply = code(world, token)
    assert (reply.status, reply.content_type, reply.is_success) == (status, "text/html", False)


def test_html_garbage_and_nothing_under_http_200(world, token):
    for name in ("html_page", "garbage", "empty_body"):
        order(world, name, times=1)
        reply = code(world, token)
        assert reply.status == 200
        assert not reply.body.startswith((b"{", b"\xff\xd8", b"\x89PNG"))


def test_an_error_under_an_image_type(world, token):
    order(world, "json_as_picture", errcode=40001)
    reply = code(world, token)
    assert reply.content_type == "image/jpeg"
    assert json.loads(reply.body)["errcode"] == 40001


def test_half_a_picture_with_a_matching_length(world, token):
    whole = code(world, token).body
    order(world, "truncated_picture", times=1)
    reply = code(world, token)
    assert reply.body == whole[: len(whole) // 2]
    assert b"Content-Length: %d\r\n" % len(reply.body) in reply.encode(keep_alive=True)
    assert code(world, token).body == whole


def test_a_refusal_is_not_a_picture_to_cut(world, token):
    order(world, "truncated_picture", times=1)
    assert errcode(code(world, token, scene="")) == 40169
    assert not code(world, token).is_success


def test_a_cut_connection_promises_more_than_it_sends(world, token):
    order(world, "cut_connection")
    reply = code(world, token)
    head, _, body = reply.encode(keep_alive=False).partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(reply.body) in head
    assert len(body) == len(reply.body) // 2


def test_hang_and_reset_are_ways_of_not_answering(world, token):
    order(world, "hang", times=1)
    order(world, "reset", times=1)
    assert [code(world, token).delivery for _ in range(3)] == [Delivery.HANG, Delivery.RESET, Delivery.WHOLE]


def test_slow_answers_late_what_it_would_have_answered(world, token):
    order(world, "slow", seconds=3)
    reply = code(world, token)
    assert (reply.delay_seconds, reply.is_success) == (3, True)


def test_a_mislabelled_picture_is_whole(world, token):
    picture = code(world, token)
    order(world, "mislabelled", times=1)
    reply = code(world, token)
    assert (reply.body, reply.content_type, reply.is_success) == (picture.body, JSON_TYPE, True)


def test_stolen_once_the_token_still_has_its_grace_stolen_twice_it_is_gone(world, token):
    order(world, "stolen_token", times=2)
    assert [errcode(code(world, token)) for _ in range(3)] == [0, 40001, 40001]
    mints = world.calls.as_json()["mints"]
    assert [mint["reason"] for mint in mints] == ["fetch", "stolen", "stolen"]


def test_a_theft_leaves_the_stable_token_alone(world):
    stable_token = stable(world)["access_token"]
    order(world, "stolen_token", times=3)
    assert [errcode(code(world, stable_token)) for _ in range(4)] == [0] * 4


def test_the_most_exact_latency_wins(world, token):
    world.latencies |= {(None, None): 1.0, (CODE, None): 2.0, (CODE, APPID): 3.0}
    assert code(world, token).delay_seconds == 3.0
    assert ask(world, PROBE, {"access_token": token}).delay_seconds == 1.0
    world.latencies[CODE, APPID] = 0.0
    assert code(world, token).delay_seconds == 0.0


def test_a_faulty_answer_is_not_counted_as_successful(world, token):
    order(world, "truncated_picture", times=1)
    order(world, "busy", times=1)
    for _ in range(3):
        code(world, token)
    assert world.calls.as_json()["endpoints"][CODE] == {APPID: {"total": 3, "successful": 1}}


@pytest.mark.parametrize("name", NAMES)
def test_every_fault_changes_something(world, token, name):
    before = code(world, token)
    order(world, name)
    answers = [code(world, token), ask(world, TOKEN, CREDENTIALS)]
    stolen = [mint for mint in world.calls.as_json()["mints"] if mint["reason"] == "stolen"]
    assert answers[0] != before or not answers[1].is_success or stolen
