"""For how long a token is promised: no longer than WeChat takes it, whoever refreshes it as planned meanwhile."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from apps.tokens import policy, store
from apps.tokens.health import find_health
from apps.tokens.local_memory import UsableToken
from apps.tokens.models import Trigger
from apps.tokens.outgoing import client_for
from apps.tokens.services import find_usable_token, get_access_token, refresh_token
from apps.wechat.errors import TokenRejected
from tests.integration.gateway.knocking import Door
from tests.parts import make_api, make_miniprogram

TOKEN, PROBE = "/cgi-bin/token", "/cgi-bin/get_api_domain_ip"
HOUR, OVERLAP, LIFE = 3600, 300, 7200
# the earliest planned refresh, and for how long wxcode itself serves the token after it
EARLIEST = HOUR - 300 + 240
# so much later no rounding of a moment can change the whole seconds that remain
MOMENT = 0.5


@pytest.fixture
def classic(sandbox, db):
    return make_miniprogram(sandbox, token_mode="classic")


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="test")


def promised(miniprogram):
    return get(miniprogram).expires_in(time.time())


@pytest.fixture
def slow_answers(clock, monkeypatch):
    """Time stands still, but for the six seconds that WeChat takes for each answer."""
    send = HTTPAdapter.send

    def send_slowly(adapter, request, **options):
        answer = send(adapter, request, **options)
        if "/cgi-bin/" in request.url:
            clock.advance(6)
        return answer

    clock.stop()
    monkeypatch.setattr(HTTPAdapter, "send", send_slowly)


@settings(deadline=None)
@given(jitter=st.floats(0, 1), age=st.floats(0, LIFE))
def test_a_classic_token_is_promised_until_its_planned_refresh_and_the_overlap(jitter, age):
    fetched_at, expires_at = 1_800_000_000, 1_800_000_000 + LIFE
    planned = policy.next_refresh_at(token_mode="classic", fetched_at=fetched_at, expires_at=expires_at, jitter=jitter)
    now = fetched_at + age
    until = policy.promised_until(token_mode="classic", fetched_at=fetched_at, expires_at=expires_at, now=now)
    # refreshed as planned, or at this very moment if that is later
    assert now <= until <= min(max(planned, now) + OVERLAP, expires_at)


def test_a_stable_token_is_promised_until_its_own_end():
    assert UsableToken("t", LIFE, "stable (sandbox)", 0).expires_in(now=100) == 7100


def test_a_token_kept_for_as_long_as_promised_is_never_rejected(classic, sandbox, clock):
    """Two planned refreshes, with a look at every token that somebody may still hold, every two minutes."""
    held, values = {}, set()
    for _ in range(70):
        token = get(classic)
        values.add(token.value)
        held[token.value] = time.time() + token.expires_in(time.time())
        clock.advance(119)
        for value, until in held.items():
            if time.time() < until:
                client_for(classic).api_domain_ips(access_token=value)
        if store.find_due_at([classic.appid])[classic.appid] <= time.time():
            refresh_token(classic, trigger=Trigger.SCHEDULE, requested_by="test")
    assert len(values) == 3
    with pytest.raises(TokenRejected):
        client_for(classic).api_domain_ips(access_token=next(iter(held)))


def test_every_way_promises_the_same(classic, client, clock):
    clock.stop()
    get(classic)
    clock.advance(MOMENT)
    api = make_api()
    path = f"/api/v1/miniprograms/{classic.appid}/access-token/"
    (row,) = api.get("/api/v1/miniprograms/").json()
    door = Door(client, appid=classic.appid, key=key_of(api))
    answers = {
        "token": api.get(path).json()["expires_in"],
        "refresh": api.post(f"{path}refresh/", {"rejected": "another"}, format="json").json()["expires_in"],
        "list": row["token_expires_in"],
        "wechat": door.ask_token().json()["expires_in"],
        "stable": door.ask_stable().json()["expires_in"],
    }
    assert set(answers.values()) == {EARLIEST - 1}, answers


def key_of(api):
    return api._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")


def test_an_overdue_token_is_promised_for_a_minute_and_served_until_its_end(classic, sandbox, clock):
    value = get(classic).value
    sandbox.fault("http_502", endpoint=TOKEN)
    clock.advance(HOUR + 60)
    assert (get(classic).value, promised(classic)) == (value, pytest.approx(60, abs=1))
    clock.advance(HOUR - 60 - 40)
    assert get(classic).value == value and 30 <= promised(classic) <= 40
    assert find_health([classic])[classic.appid].expires_in <= 40


def test_an_sdk_that_asks_when_its_promise_ends_does_not_doubt_the_token(classic, client, sandbox, clock):
    door = Door(client, appid=classic.appid, key=key_of(make_api()))
    first = door.token()
    clock.advance(EARLIEST - 290)
    assert door.token() == first
    clock.advance(400)
    assert door.token() == door.token() == first
    assert sandbox.count(PROBE) == 0


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_the_end_counts_from_when_wechat_was_asked(sandbox, db, clock, slow_answers, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    asked_at = time.time()
    token = get(miniprogram)
    assert time.time() == asked_at + 6
    assert (token.expires_at, token.fetched_at) == (asked_at + LIFE, asked_at)
    record = store.find_record(miniprogram.appid)
    assert record.expires_at == pytest.approx(asked_at + LIFE, abs=0.01)
    clock.advance(MOMENT)
    assert promised(miniprogram) == (LIFE if mode == "stable" else EARLIEST) - 7


def test_the_previous_token_counts_from_when_the_next_was_asked_for(classic, slow_answers):
    old = get(classic).value
    asked_at = time.time()
    refresh_token(classic, trigger=Trigger.OPERATOR, requested_by="test")
    record = store.find_record(classic.appid)
    assert (record.previous_value, record.previous_until) == (old, pytest.approx(asked_at + 240, abs=0.01))


def test_a_previous_token_is_promised_no_longer_than_it_lives(classic, clock):
    clock.stop()
    now = time.time()
    write = {"source": "classic (sandbox)", "is_old_rejected": False, "now": now}
    store.write_record(classic.appid, value="the previous one", expires_at=now + LIFE, seen_version=0, **write)
    seen = store.find_record(classic.appid).version
    store.write_record(classic.appid, value="a short one", expires_at=now + 15, seen_version=seen, **write)
    clock.advance(10 + MOMENT)
    token = find_usable_token(classic.appid)
    assert (token.value, token.expires_in(time.time())) == ("the previous one", 229)


def test_a_record_of_the_version_before_is_promised_as_well(classic, redis_client, clock):
    """Written when the answer came; also one without that moment."""
    clock.stop()
    now = time.time()
    name = store._record_key(classic.appid)
    fields = {"value": "kept", "version": 7, "source": "classic", "expires_at": now + LIFE, "fetched_at": now}
    redis_client.hset(name, mapping=fields)
    clock.advance(MOMENT)
    assert promised(classic) == EARLIEST - 1
    redis_client.hdel(name, "fetched_at")
    assert promised(classic) == pytest.approx(60, abs=1)
