"""Stable tokens: the same one until its last five minutes, forced refreshes, quotas, isolation."""

import pytest

from tests.unit.sandbox.weixin import CREDENTIALS, STABLE, ask, errcode, fetch, probe, register, stable


def forced(world) -> dict:
    return stable(world, force_refresh=True)


def test_the_same_token_with_its_remaining_life(world):
    first = stable(world)
    world.clock.advance(1000)
    second = stable(world)
    assert second["access_token"] == first["access_token"]
    assert (first["expires_in"], second["expires_in"]) == (7200, 6200)


def test_no_token_is_handed_out_with_less_than_five_minutes(world):
    first = stable(world)
    world.clock.advance(6899)
    assert stable(world) == first | {"expires_in": 301}
    world.clock.advance(1)
    renewed = stable(world)
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 7200


def test_after_an_early_renewal_both_tokens_work_until_the_old_one_ends(world):
    old = stable(world)["access_token"]
    world.clock.advance(7000)
    new = stable(world)["access_token"]
    assert (probe(world, old), probe(world, new)) == (0, 0)
    world.clock.advance(200)
    assert (probe(world, old), probe(world, new)) == (42001, 0)


def test_a_token_left_to_die_is_replaced(world):
    old = stable(world)["access_token"]
    world.clock.advance(8000)
    new = stable(world)["access_token"]
    assert (probe(world, old), probe(world, new)) == (42001, 0)


def test_a_forced_refresh_leaves_the_old_token_its_grace(world):
    old = stable(world)["access_token"]
    new = forced(world)["access_token"]
    assert new != old
    assert (probe(world, old), probe(world, new)) == (0, 0)


def test_two_forced_refreshes_kill_a_leaked_token_at_once(world):
    leaked = stable(world)["access_token"]
    forced(world)
    world.clock.advance(30)
    forced(world)
    assert probe(world, leaked) == 40001


def test_forcing_again_within_thirty_seconds_answers_the_current_token(world):
    current = forced(world)
    world.clock.advance(29)
    assert forced(world) == current | {"expires_in": 7171}


def test_twenty_forced_refreshes_a_day_and_the_unchanged_answers_are_free(world):
    def force_after(seconds: float) -> int:
        world.clock.advance(seconds)
        return errcode(ask(world, STABLE, body=CREDENTIALS | {"force_refresh": True}))

    assert [force_after(15) for _ in range(40)] == [0] * 40
    assert force_after(30) == 45009
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == 0
    assert force_after(12 * 3600) == 0


def test_the_two_pools_do_not_touch_each_other(world):
    stable_token = stable(world)["access_token"]
    classic = [fetch(world) for _ in range(3)]
    assert probe(world, stable_token) == 0
    forced(world)
    assert probe(world, classic[-1]) == 0


def test_ten_thousand_calls_a_minute(world):
    app = next(iter(world.apps.values()))
    assert all(app.stable_minute.take(world.clock.now()) for _ in range(9_999))
    assert [errcode(ask(world, STABLE, body=CREDENTIALS)) for _ in range(2)] == [0, 45011]
    world.clock.advance(60)
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == 0


def test_half_a_million_calls_a_day(world):
    app = next(iter(world.apps.values()))
    app.stable_calls.take(world.clock.day())
    app.stable_calls.used = 499_999
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == 0
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == 45009


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 44002),
        (b"grant_type=client_credential", 47001),
        (b"[]", 47001),
        (b"\xff", 47001),
        (b"{" * 100_000, 47001),
        (CREDENTIALS | {"force_refresh": 1}, 47001),
        (CREDENTIALS | {"force_refresh": "true"}, 47001),
        (CREDENTIALS | {"force_refresh": None}, 47001),
        (CREDENTIALS | {"appid": 5}, 47001),
        (CREDENTIALS | {"grant_type": "x"}, 40002),
        (CREDENTIALS | {"appid": ""}, 41002),
        (CREDENTIALS | {"appid": "wxffffffffffffffff"}, 40013),
        (CREDENTIALS | {"secret": ""}, 41004),
        (CREDENTIALS | {"secret": "wrong"}, 40125),
    ],
)
def test_refused_bodies(world, body, expected):
    assert errcode(ask(world, STABLE, body=body)) == expected


def test_get_is_told_to_post(world):
    assert errcode(ask(world, STABLE, CREDENTIALS)) == 43002


def test_frozen_and_not_allowed_like_the_classic_call(world):
    register(world, frozen=True)
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == 40243
    register(world, frozen=False, allowed_ips=["192.0.2.9"])
    assert errcode(ask(world, STABLE, body=CREDENTIALS)) == 40164
