"""Tokens on WeChat's paths: the shared one, its true end, and no fetch that nobody needs."""

import json
import time

import pytest

from apps.clients.services import create_client, revoke_client
from apps.tokens import store
from apps.tokens.models import TokenEvent, Trigger
from apps.tokens.services import get_access_token, refresh_token
from tests.integration.gateway.knocking import STABLE, TOKEN, Door, errcode
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
PROBE, UPSTREAM, CLASSIC = "/cgi-bin/get_api_domain_ip", "/cgi-bin/stable_token", "/cgi-bin/token"


@pytest.mark.parametrize("ask", [Door.ask_token, Door.ask_stable])
def test_the_shared_token_is_answered_in_wechats_shape(door, miniprogram, ask):
    answer = ask(door)
    shared = get_access_token(miniprogram, requested_by="test")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert set(answer.json()) == {"access_token", "expires_in"}
    assert answer.json()["access_token"] == shared.value


def test_expires_in_is_what_truly_remains(door, miniprogram, clock):
    clock.stop()
    now = time.time()
    write = {"source": "stable", "now": now, "seen_version": 0, "is_old_rejected": False}
    store.write_record(miniprogram.appid, value="91_kept", expires_at=now + 345.5, **write)
    assert door.ask_token().json() == {"access_token": "91_kept", "expires_in": 345}


REFUSALS = [
    ({"grant_type": "password"}, 40002),
    ({"grant_type": None}, 40002),
    ({"appid": None}, 41002),
    ({"appid": "wx123"}, 40013),
    ({"appid": "wx00000000000000ff"}, 40013),
    ({"secret": None}, 41004),
    ({"secret": "0123456789abcdef0123456789abcdef"}, 40125),
]


@pytest.mark.parametrize("ask", [Door.ask_token, Door.ask_stable])
def test_mistakes_get_wechats_errcode(door, ask):
    assert [(changes, errcode(ask(door, **changes))) for changes, _expected in REFUSALS] == REFUSALS


def test_a_stranger_learns_nothing_about_which_mini_programs_are_kept_here(door):
    wrong = {"secret": "wxc_" + "a" * 52}
    assert errcode(door.ask_token(**wrong)) == errcode(door.ask_token(appid="wx00000000000000ff", **wrong)) == 40125


def test_bodies_that_are_no_json_object_get_wechats_errcode(client, db):
    bodies = {b"": 44002, b"{": 47001, b"[]": 47001, b"appid=1": 47001, b"\xff": 47001, b"{" * 5000: 47001}
    assert {body: errcode(client.generic("POST", STABLE, body)) for body in bodies} == bodies


def test_force_refresh_must_be_a_boolean_as_at_wechat(door):
    assert errcode(door.ask_stable(force_refresh=1)) == 47001
    assert errcode(door.ask_stable(appid=7)) == 47001


def test_what_an_sdk_did_not_set_is_not_given(door):
    for unset in (None, ""):
        body = json.dumps(door.credentials | {"force_refresh": unset})
        assert "access_token" in door.client.post(STABLE, body, content_type="text/plain").json()
    for name, expected in {"grant_type": 40002, "appid": 41002, "secret": 41004}.items():
        body = json.dumps(door.credentials | {name: None})
        assert errcode(door.client.post(STABLE, body, content_type="text/plain")) == expected


def test_a_body_that_is_too_large_is_refused_in_wechats_shape(client, db):
    assert errcode(client.generic("POST", STABLE, b"{" + b" " * 3_000_000)) == 47001


def test_the_wrong_method_is_told(client, db):
    assert errcode(client.post(TOKEN)) == 43001
    assert errcode(client.get(STABLE)) == 43002


def test_any_other_path_says_that_wechat_itself_must_be_asked(client, db):
    for ask in (client.get, client.post):
        assert errcode(ask("/wechat/cgi-bin/user/info")) == 40066


def with_key(door, **limits):
    _client, key = create_client(name="limited", **{"scopes": ["tokens:read"], **limits})
    return Door(door.client, appid=door.appid, key=key)


def test_a_key_without_the_scope_is_unauthorized(door):
    assert errcode(with_key(door, scopes=["codes:create"]).ask_token()) == 48001


def test_a_key_for_other_mini_programs_is_the_wrong_secret(door, sandbox):
    other = make_miniprogram(sandbox)
    assert errcode(with_key(door, appids=[other.appid]).ask_token()) == 40125


def test_a_key_from_another_network_hears_its_own_address(door):
    answer = with_key(door, networks=["10.0.0.0/8"]).ask_token()
    assert errcode(answer) == 40164
    assert "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist" in answer.json()["errmsg"]


def test_a_revoked_key_is_the_wrong_secret(door):
    client, key = create_client(name="gone", scopes=["tokens:read"])
    revoke_client(client)
    assert errcode(Door(door.client, appid=door.appid, key=key).ask_token()) == 40125


def test_a_mini_program_that_is_switched_off_is_restricted(door, miniprogram):
    miniprogram.is_active = False
    miniprogram.save()
    assert errcode(door.ask_token()) == 50002


def test_what_wechat_says_to_us_is_passed_on_with_its_rid(door, sandbox):
    sandbox.fault("ip_not_allowed", endpoint=UPSTREAM)
    assert errcode(door.ask_token()) == 40164


def test_wechats_silence_is_a_system_error(door, sandbox):
    sandbox.fault("http_502", endpoint=UPSTREAM)
    assert errcode(door.ask_token()) == -1


# --- asking again -------------------------------------------------------------------------------------------------


def test_the_first_request_of_a_caller_is_no_reason_to_ask_wechat(door, sandbox):
    with_key(door).token(), door.token()
    assert (sandbox.count(PROBE), sandbox.count(UPSTREAM)) == (0, 1)


def test_asking_again_early_tries_the_token_and_keeps_a_good_one(door, sandbox):
    first = door.token()
    assert sandbox.count(PROBE) == 0
    assert door.token() == first
    assert (sandbox.count(PROBE), sandbox.count(UPSTREAM)) == (1, 1)


def test_all_callers_together_try_a_token_once_in_ten_seconds(door, sandbox):
    other = with_key(door)
    for _ in range(5):
        door.token(), other.token(), other.ask_stable(force_refresh=True)
    assert (sandbox.count(PROBE), sandbox.count(UPSTREAM)) == (1, 1)


def test_a_forced_refresh_disturbs_nobody(door, sandbox):
    first = door.token()
    assert door.ask_stable(force_refresh=True).json()["access_token"] == first
    assert (sandbox.count(PROBE), sandbox.count(UPSTREAM)) == (1, 1)


def test_a_forced_refresh_by_someone_who_was_never_told_tries_the_token(door, sandbox):
    with_key(door).token()
    door.ask_stable(force_refresh=True)
    assert sandbox.count(PROBE) == 1


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_a_token_that_wechat_rejects_is_replaced_once(door, sandbox, miniprogram, mode):
    miniprogram.token_mode = mode
    miniprogram.save()
    upstream = UPSTREAM if mode == "stable" else CLASSIC
    first = door.token()
    sandbox.steal(miniprogram.appid, mode), sandbox.steal(miniprogram.appid, mode)
    second = door.token()
    assert second != first
    assert (sandbox.count(PROBE), sandbox.count(upstream)) == (1, 2)
    assert TokenEvent.objects.filter(trigger=Trigger.REJECTED).count() >= 1


def test_a_caller_that_gave_up_an_older_token_gets_the_current_one_without_a_question(door, sandbox, miniprogram):
    miniprogram.token_mode = "classic"
    miniprogram.save()
    first = door.token()
    current = refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test").value
    assert door.ask_stable(force_refresh=True).json()["access_token"] == current != first
    assert (sandbox.count(PROBE), sandbox.count(CLASSIC)) == (0, 2)


def test_asking_again_near_the_end_is_what_sdks_do(door, sandbox, miniprogram):
    now = time.time()
    write = {"source": "stable", "now": now, "seen_version": 0, "is_old_rejected": False}
    store.write_record(miniprogram.appid, value="91_old", expires_at=now + 250, **write)
    assert door.token() == door.token() == "91_old"
    assert sandbox.count(PROBE) == 0


def test_a_busy_wechat_says_nothing_about_the_token(door, sandbox):
    first = door.token()
    sandbox.fault("busy", endpoint=PROBE)
    assert door.token() == first
    assert sandbox.count(UPSTREAM) == 1


def test_a_rejected_token_that_cannot_be_replaced_is_a_system_error_not_a_dead_token(door, sandbox, miniprogram):
    miniprogram.token_mode = "classic"
    miniprogram.save()
    door.token()
    sandbox.steal(miniprogram.appid), sandbox.steal(miniprogram.appid)
    sandbox.fault("http_502", endpoint=CLASSIC)
    assert [errcode(door.ask_token()) for _ in range(3)] == [-1, -1, -1]
    assert sandbox.count(PROBE) == 1


def test_no_token_and_no_key_stands_in_a_name_in_redis(door, redis_client):
    token = door.token()
    names = b" ".join(redis_client.keys())
    assert token.encode() not in names
    assert door.key.encode() not in names


def test_a_key_that_asks_too_often_hears_wechats_words_for_it(door, miniprogram):
    door.key = create_client(name="limited", scopes=["tokens:read"], rate_limit=2)[1]
    assert [door.ask_token()["X-RateLimit-Remaining"], door.ask_stable()["X-RateLimit-Remaining"]] == ["1", "0"]
    refused = door.ask_token()
    assert errcode(refused) == 45011
    assert 0 < int(refused["Retry-After"]) <= 60
