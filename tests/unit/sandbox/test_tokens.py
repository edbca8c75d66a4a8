"""Classic tokens: two slots, five minutes of overlap, 2,000 a day; and which errcode a dead token gets."""

import re

import pytest

from apps.sandbox.tokens import TokenPool
from tests.unit.sandbox.weixin import (
    APPID,
    CREDENTIALS,
    SECRET,
    TOKEN,
    ask,
    code,
    errcode,
    fetch,
    make_world,
    probe,
    register,
    said,
)


def test_a_token_has_the_shape_of_a_real_one(world):
    token = fetch(world)
    assert re.fullmatch(r"\d+_[A-Za-z0-9_-]+", token)
    assert len(token) in (136, 156, 157)


def test_success_carries_no_errcode_and_lives_two_hours(world):
    answer = said(ask(world, TOKEN, CREDENTIALS))
    assert set(answer) == {"access_token", "expires_in"}
    assert answer["expires_in"] == 7200


def test_every_fetch_mints_another_token(world):
    assert fetch(world) != fetch(world)


def test_the_old_token_works_for_five_minutes_beside_the_new_one(world):
    old, new = fetch(world), fetch(world)
    world.clock.advance(299)
    assert (probe(world, old), probe(world, new)) == (0, 0)
    world.clock.advance(2)
    assert (probe(world, old), probe(world, new)) == (40001, 0)


def test_a_third_fetch_kills_the_first_token_at_once(world):
    first, second, third = fetch(world), fetch(world), fetch(world)
    assert [probe(world, token) for token in (first, second, third)] == [40001, 0, 0]


def test_a_token_ages_out_after_two_hours(world):
    token = fetch(world)
    world.clock.advance(7199)
    assert probe(world, token) == 0
    world.clock.advance(1)
    assert probe(world, token) == 42001


def test_a_token_that_aged_out_is_not_revived_by_the_next_fetch(world):
    old = fetch(world)
    world.clock.advance(7300)
    fetch(world)
    assert probe(world, old) == 42001


def test_a_token_superseded_in_its_last_minute_still_gets_its_five(world):
    old = fetch(world)
    world.clock.advance(7150)
    fetch(world)
    world.clock.advance(200)
    assert probe(world, old) == 0
    world.clock.advance(101)
    assert probe(world, old) == 42001


def test_skewed_nodes_disagree_near_the_end_of_the_overlap():
    world = make_world(skew_seconds=90)
    register(world)
    old = fetch(world)
    fetch(world)
    world.clock.advance(209)
    assert [probe(world, old) for _ in range(4)] == [0, 0, 0, 0]
    world.clock.advance(1)
    assert [probe(world, old) for _ in range(4)] == [0, 40001, 0, 40001]
    world.clock.advance(90)
    assert [probe(world, old) for _ in range(2)] == [40001, 40001]


@pytest.mark.parametrize(
    ("token", "expected"),
    [("", 41001), (" ", 40014), ("abc", 40014), ("85_é" + "x" * 130, 40014), ("85_" + "x" * 133, 40001)],
)
def test_tokens_that_were_never_issued(world, token, expected):
    assert probe(world, token) == expected


def test_a_token_speaks_for_its_own_app_only(world):
    register(world, "wxffffffffffffffff", "other", released_pages=["pages/other"])
    token = fetch(world)
    register(world, released_pages=["pages/mine"])
    assert errcode(code(world, token, page="pages/mine")) == 0
    assert errcode(code(world, token, page="pages/other")) == 41030


def test_two_thousand_fetches_a_day_and_a_new_day_at_midnight_in_shanghai(world):
    answers = [errcode(ask(world, TOKEN, CREDENTIALS)) for _ in range(2001)]
    assert answers == [0] * 2000 + [45009]
    world.clock.advance(12 * 3600)
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grant_type": "password"}, 40002),
        ({"grant_type": None}, 40002),
        ({"appid": None}, 41002),
        ({"appid": ""}, 41002),
        ({"appid": "wx"}, 40013),
        ({"appid": "wxffffffffffffffff"}, 40013),
        ({"appid": APPID.upper()}, 40013),
        ({"secret": None}, 41004),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_refused_credentials(world, changes, expected):
    query = {name: value for name, value in (CREDENTIALS | changes).items() if value is not None}
    assert errcode(ask(world, TOKEN, query)) == expected


def test_a_frozen_secret(world):
    register(world, frozen=True)
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == 40243


@pytest.mark.parametrize("forced", [50004, 50007, 61024, 89503, 89506, 89507])
def test_an_account_in_trouble(world, forced):
    register(world, token_errcode=forced)
    assert errcode(ask(world, TOKEN, CREDENTIALS)) == forced


def test_an_address_that_is_not_allowed_is_told_in_wechats_words(world):
    register(world, allowed_ips=["203.0.113.7", "198.51.100.0/24"])
    errmsg = said(ask(world, TOKEN, CREDENTIALS, ip="192.0.2.1"))["errmsg"]
    assert errmsg.startswith("invalid ip 192.0.2.1 ipv6 ::ffff:192.0.2.1, not in whitelist rid: ")


@pytest.mark.parametrize("ip", ["203.0.113.7", "198.51.100.20", "2001:db8::1"])
def test_allowed_addresses_and_networks(world, ip):
    register(world, allowed_ips=["203.0.113.7", "198.51.100.0/24", "2001:db8::/64"])
    assert errcode(ask(world, TOKEN, CREDENTIALS, ip=ip)) == 0


def test_a_refusal_is_http_200_with_a_rid_that_begins_with_the_time(world):
    world.clock.advance(3600)
    answer = said(ask(world, TOKEN, CREDENTIALS | {"secret": "wrong"}))
    rid = re.fullmatch(
        r"invalid appsecret, view more at http://t\.cn/RAEkdVq rid: ([0-9a-f]{8}(?:-[0-9a-f]{8}){2})",
        answer["errmsg"],
    )
    assert rid is not None
    assert int(rid[1][:8], 16) == int(world.clock.now())


def test_post_is_not_the_way(world):
    assert errcode(ask(world, TOKEN, CREDENTIALS, body={})) == 43001


def test_a_pool_survives_being_written_down(world):
    fetch(world)
    fetch(world)
    pool = world.apps[APPID].pools["classic"]
    assert TokenPool.from_json(pool.as_json()).as_json() == pool.as_json()


def test_the_secret_is_kept_as_a_hash(world):
    assert SECRET not in repr(world.as_json())
