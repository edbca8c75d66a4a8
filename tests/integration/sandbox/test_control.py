"""The control door: JSON orders, over HTTP and from strangers."""

import time

import pytest
import requests

from tests.unit.sandbox.weixin import APPID, CODE, CREDENTIALS, SECRET, TOKEN, ask, make_world, said

OTHER = "wxffffffffffffffff"


def test_an_app_is_registered_and_never_shows_its_secret(sandbox):
    state = sandbox.register(APPID, SECRET, released_pages=["pages/index"], allowed_ips=["127.0.0.1"])
    assert state == sandbox.app(APPID)
    assert (state["released_pages"], state["trial_pages"], state["allowed_ips"]) == (
        ["pages/index"],
        None,
        ["127.0.0.1"],
    )
    assert SECRET not in str(state)


def test_an_update_changes_what_it_names_and_keeps_the_tokens(sandbox, caller):
    sandbox.register(APPID, SECRET, released_pages=["pages/index"])
    token = caller.token()
    sandbox.order("POST", "apps", appid=APPID, frozen=True)
    state = sandbox.app(APPID)
    assert (state["frozen"], state["released_pages"]) == (True, ["pages/index"])
    assert caller.code(token, page="pages/index").headers["Content-Type"] == "image/jpeg"
    assert caller.get(TOKEN, params=CREDENTIALS).json()["errcode"] == 40243


def test_the_state_of_an_app_counts_and_shows_no_token(sandbox, caller):
    token = caller.token()
    caller.token()
    state = sandbox.app(APPID)
    assert state["token_fetches_today"] == 2
    assert state["tokens"]["classic"]["has_previous"]
    assert state["tokens"]["classic"]["expires_in"] in range(7000, 7201)
    assert not state["tokens"]["stable"]["has_current"]
    assert token not in str(state)


def test_a_changed_secret_refuses_the_old_one(sandbox, caller):
    sandbox.register(APPID, "another")
    assert caller.get(TOKEN, params=CREDENTIALS).json()["errcode"] == 40125


def test_the_clock_is_advanced_or_set(sandbox, caller):
    token = caller.token()
    sandbox.advance(7200)
    assert caller.code(token).json()["errcode"] == 42001
    before = time.time()
    moved = sandbox.order("POST", "clock", offset=0)
    assert moved["offset"] == 0
    assert int(before) <= moved["now"] <= time.time() + 1
    assert caller.code(token).headers["Content-Type"] == "image/jpeg"


def test_latency_is_felt_and_taken_back(sandbox, caller):
    # longer than a caller of ours waits
    sandbox.latency(600, endpoint=TOKEN)
    with pytest.raises(requests.Timeout):
        caller.get(TOKEN, params=CREDENTIALS, timeout=0.2)
    sandbox.latency(0, endpoint=TOKEN)
    assert caller.get(TOKEN, params=CREDENTIALS).status_code == 200


def test_calls_are_counted_per_endpoint_and_app(sandbox, caller):
    token = caller.token()
    caller.code(token)
    caller.code(token, scene="")
    caller.code("unknown")
    assert sandbox.calls()["endpoints"] == {
        TOKEN: {APPID: {"total": 1, "successful": 1}},
        CODE: {APPID: {"total": 2, "successful": 1}, "": {"total": 1, "successful": 0}},
    }
    assert (sandbox.count(CODE), sandbox.count(CODE, appid=APPID, successful=True)) == (3, 1)


def test_mints_are_listed_without_values(sandbox, caller):
    token = caller.token()
    sandbox.steal(APPID)
    calls = sandbox.calls()
    assert [(mint["appid"], mint["pool"], mint["reason"]) for mint in calls["mints"]] == [
        (APPID, "classic", "fetch"),
        (APPID, "classic", "stolen"),
    ]
    assert token not in str(calls)


def test_counts_are_cleared(sandbox, caller):
    caller.token()
    sandbox.clear_calls()
    assert sandbox.calls() == {"endpoints": {}, "mints": []}


@pytest.mark.parametrize("pool", ["classic", "stable"])
def test_a_token_stolen_twice_is_dead(sandbox, caller, pool):
    classic = caller.token()
    stable = caller.post("/cgi-bin/stable_token", json=CREDENTIALS).json()["access_token"]
    sandbox.steal(APPID, pool)
    sandbox.steal(APPID, pool)
    dead, alive = (classic, stable) if pool == "classic" else (stable, classic)
    assert caller.code(dead).json()["errcode"] == 40001
    assert caller.code(alive).headers["Content-Type"] == "image/jpeg"


def test_faults_are_listed_and_cleared(sandbox):
    sandbox.fault("slow", seconds=2, endpoint=CODE, appid=APPID, times=3)
    (fault,) = sandbox.order("GET", "faults")["faults"]
    assert fault == {
        "name": "slow",
        "endpoint": CODE,
        "appid": APPID,
        "times": 3,
        "seconds": 2,
        "errcode": -1,
        "errmsg": "",
    }
    sandbox.clear_faults()
    assert sandbox.order("GET", "faults") == {"faults": []}


def test_reset_forgets_everything(sandbox, caller):
    token = caller.token()
    sandbox.advance(1000)
    sandbox.fault("busy")
    sandbox.settings(skew_seconds=60, auto_register=True)
    sandbox.reset()
    overview = sandbox.order("GET", "")
    assert (overview["apps"], overview["faults"], overview["clock_offset_seconds"]) == ([], [], 0)
    assert overview["settings"] == {"auto_register": False, "skew_seconds": 0, "minute_limit_errcode": 45009}
    assert caller.code(token).json()["errcode"] == 40001


def test_the_minute_limit_may_answer_the_newer_errcode(sandbox, caller):
    sandbox.register(APPID, SECRET, code_calls_per_minute=0)
    sandbox.settings(minute_limit_errcode=45011)
    assert caller.code(caller.token()).json()["errcode"] == 45011


@pytest.mark.parametrize(
    ("method", "path", "fields", "words"),
    [
        ("POST", "apps", {"appid": "wx1", "secret": "x"}, "appid must be wx"),
        ("POST", "apps", {"appid": APPID}, "secret must be a string"),
        ("POST", "apps", {"appid": APPID, "secret": ""}, "secret must not be empty"),
        ("POST", "apps", {"appid": APPID, "secret": 5}, "secret must be a string"),
        ("POST", "apps", {"appid": APPID, "secret": "x", "frozen": 1}, "frozen must be true or false"),
        ("POST", "apps", {"appid": APPID, "secret": "x", "pages": []}, "unknown: pages"),
        ("POST", "apps", {"appid": APPID, "secret": "x", "released_pages": "a"}, "list of strings"),
        ("POST", "apps", {"appid": APPID, "secret": "x", "allowed_ips": ["home"]}, "home is neither"),
        ("POST", "faults", {"name": "nonsense"}, "no fault nonsense"),
        ("POST", "faults", {"name": "busy", "endpoint": "/x"}, "no endpoint /x"),
        ("POST", "faults", {"name": "busy", "times": 0}, "times must be 1 or more"),
        ("POST", "faults", {"name": "slow", "seconds": -1}, "seconds must be 0 or more"),
        ("POST", "clock", {"advance": "1"}, "advance must be a number"),
        ("POST", "clock", {"forward": 1}, "advance must be a number"),
        ("POST", "latency", {"seconds": -1}, "seconds must be 0 or more"),
        ("POST", "steal", {"appid": OTHER}, f"no app {OTHER}"),
        ("POST", "settings", {"skew": 1}, "unknown: skew"),
        ("GET", f"apps/{OTHER}", {}, f"no app {OTHER}"),
    ],
)
def test_every_mistake_is_named(sandbox, method, path, fields, words):
    answer = requests.request(method, f"{sandbox.url}/_sandbox/{path}", json=fields or None, timeout=60)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


@pytest.mark.parametrize("body", [b"nonsense", b"[]"])
def test_bodies_that_are_no_orders(sandbox, body):
    answer = requests.post(f"{sandbox.url}/_sandbox/clock", data=body, timeout=60)
    assert (answer.status_code, "JSON" in answer.json()["error"]) == (400, True)


def test_an_order_with_a_mistake_changes_nothing(sandbox, caller):
    requests.post(f"{sandbox.url}/_sandbox/apps", json={"appid": APPID, "secret": "new", "frozen": 1}, timeout=60)
    assert "access_token" in caller.get(TOKEN, params=CREDENTIALS).json()


def test_unknown_doors_are_404(sandbox):
    assert requests.get(f"{sandbox.url}/_sandbox/nothing", timeout=60).status_code == 404
    assert requests.get(f"{sandbox.url}/_sandbox/reset", timeout=60).status_code == 404


@pytest.mark.parametrize(("ip", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 404), ("2001:db8::1", 404)])
def test_the_door_opens_to_the_same_machine_only(ip, status):
    assert ask(make_world(), "/_sandbox/", ip=ip).status == status


def test_the_door_stays_shut_for_web_pages():
    reply = ask(make_world(), "/_sandbox/reset", body={}, headers={"origin": "https://example.com"})
    assert reply.status == 403


def test_the_overview_names_what_is_there(world):
    assert said(ask(world, "/_sandbox/"))["apps"] == [APPID]


def test_the_count_of_limited_codes_is_shown_and_set_over_the_control_door(sandbox):
    sandbox.register(APPID, SECRET, limited_codes_used=5)
    assert sandbox.app(APPID)["limited_codes_used"] == 5
