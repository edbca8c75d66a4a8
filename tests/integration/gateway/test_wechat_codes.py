"""Codes on WeChat's paths: pictures as WeChat sends them, its errcodes for its rules, and the history knows."""

import time

import pytest

from apps.codes.models import Door as HistoryDoor
from apps.codes.models import FailedAttempt, IssuedCode
from apps.coordination.connection import _Pause
from apps.sandbox.metadata import read_metadata
from apps.tokens import handed_out
from apps.tokens.local_memory import UsableToken
from apps.tokens.models import Trigger
from apps.tokens.services import get_access_token, refresh_token, replace_rejected_token
from tests.integration.gateway.knocking import LIMITED, SQUARE, UNLIMITED, errcode
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
UPSTREAM = {
    UNLIMITED: "/wxa/getwxacodeunlimit",
    LIMITED: "/wxa/getwxacode",
    SQUARE: "/cgi-bin/wxaapp/createwxaqrcode",
}
GOOD = {UNLIMITED: {"scene": "table=7"}, LIMITED: {"path": "pages/a?b=1"}, SQUARE: {"path": "pages/a?b=1"}}
EACH = pytest.mark.parametrize("path", UPSTREAM)


def issue(door, path, **fields):
    return door.ask_code(path, door.token(), GOOD[path] | fields)


@EACH
def test_the_picture_itself_is_answered_with_its_true_type(door, path):
    answer = issue(door, path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    facts = read_metadata(answer.content)
    assert (facts["appid"], facts["scene"] or facts["page"]) == (door.appid, next(iter(GOOD[path].values())))


def test_a_transparent_picture_is_a_png(door):
    assert issue(door, UNLIMITED, is_hyaline=True)["Content-Type"] == "image/png"


def test_num_used_comes_where_wechat_has_it(door):
    assert [issue(door, path).get("Num-Used") for path in (SQUARE, LIMITED, UNLIMITED)] == [None, "2", None]


@EACH
def test_every_code_is_in_the_history_with_the_door_as_its_source(door, path):
    issue(door, path)
    code = IssuedCode.objects.get()
    assert (code.door, code.issued_by, code.client) == (HistoryDoor.WECHAT, "door:wechat", None)


@EACH
def test_the_same_request_again_costs_wechat_nothing(door, sandbox, path):
    assert issue(door, path).content == issue(door, path).content
    assert sandbox.count(UPSTREAM[path]) == 1


def test_a_code_that_the_rest_api_issued_is_the_same_code(door, sandbox, miniprogram):
    make_api().post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": "table=7"}, format="json")
    issue(door, UNLIMITED)
    assert sandbox.count(UPSTREAM[UNLIMITED]) == 1


def test_what_is_left_out_is_as_at_wechat_but_for_the_page(door, miniprogram):
    miniprogram.default_page, miniprogram.env_version, miniprogram.check_path = "pages/detail/detail", "trial", False
    miniprogram.save()
    issue(door, UNLIMITED)
    code = IssuedCode.objects.get()
    assert (code.page, code.env_version, code.check_path) == ("pages/detail/detail", "release", True)


OPTIONAL = ("page", "env_version", "width", "check_path", "auto_color", "line_color", "is_hyaline")
UNSET = [
    *({name: value} for name in OPTIONAL for value in (None, "")),
    *({"line_color": dict.fromkeys("rgb", value)} for value in (None, "", 0.0, "0")),
    {"line_color": {"r": "", "g": 0}},
    {"width": 0},
    {"width": 430.0},
]


def test_what_an_sdk_sends_without_having_set_it_is_not_given(door, sandbox):
    issue(door, UNLIMITED), issue(door, LIMITED)
    for fields in UNSET:
        for path in (UNLIMITED, LIMITED):
            answer = issue(door, path, **fields)
            assert answer["Content-Type"] == "image/jpeg", (fields, answer.content)
    assert IssuedCode.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "scene"),
    [
        (rb'{"scene":"id=9\u0026n=1\u0026uid=1"}', "id=9&n=1&uid=1"),
        (rb'{"scene":"a\u003D1\u002Cb"}', "a=1,b"),
        (b'{"scene":"' + rb"\u0061" * 32 + b'"}', "a" * 32),
        (rb'{"sc\u0065ne":"\/a"}', "/a"),
    ],
)
def test_escapes_of_json_are_decoded(door, body, scene):
    answer = door.ask_code(UNLIMITED, door.token(), body)
    assert read_metadata(answer.content)["scene"] == scene == IssuedCode.objects.get().scene


def test_an_error_names_the_field(door):
    mistakes = {
        "force_refresh": ("stable", {"force_refresh": 1}),
        "grant_type": ("stable", {"grant_type": []}),
        "width": (UNLIMITED, {"width": 5}),
        "env_version": (UNLIMITED, {"env_version": "x"}),
        "is_hyaline": (UNLIMITED, {"is_hyaline": 0}),
        "line_color.g": (UNLIMITED, {"line_color": {"r": 0, "g": "x"}}),
        "line_color.b": (UNLIMITED, {"line_color": {"b": 256}}),
    }
    for name, (path, fields) in mistakes.items():
        answer = door.ask_stable(**fields) if path == "stable" else issue(door, path, **fields)
        errcode(answer)
        assert f"(wxcode: {name}" in answer.json()["errmsg"]


def test_the_body_is_json_whatever_its_content_type_says(door):
    target = f"{UNLIMITED}?access_token={door.token()}"
    for content_type in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = door.client.generic("POST", target, b'{"scene":"a=1"}', content_type=content_type)
        assert answer["Content-Type"] == "image/jpeg", content_type


def test_colours_are_taken_as_strings_and_numbers_alike(door, sandbox):
    issue(door, UNLIMITED, line_color={"r": "1", "g": "2", "b": "255"})
    issue(door, UNLIMITED, line_color={"r": 1, "g": 2, "b": 255})
    assert IssuedCode.objects.get().line_color == "#0102ff"


# --- WeChat's rules ------------------------------------------------------------------------------------------------

COMMON = [
    (b"", 44002),
    (b"{", 47001),
    (b'{"scene":NaN}', 47001),
    (b"{\xff}", 47001),
    (b'{"a":' * 5000, 47001),
]
BODIES = {
    UNLIMITED: [
        (b"scene=a", 40169),
        (b"[]", 40169),
        (b"{}", 40169),
        ({"scene": ""}, 40169),
        ({"scence": "a"}, 40169),
        ({"scene": "a" * 33}, 40169),
        ({"scene": "a" * 32}, None),
        ({"scene": 7}, 47001),
        ({"scene": "a b"}, 40129),
        ({"scene": "a%20b"}, 40129),
        ({"scene": "桌"}, 40129),
        (rb'{"scene":"a=1\u0020b=2"}', 40129),
        (b'{"scene":"a=1&b=2"}', None),
        ({"scene": "scancode_time=1"}, 85096),
        ({"scene": "a", "page": "scancode_time"}, 85096),
        ({"scene": "a", "env_version": "release_error"}, 40097),
        ({"scene": "a", "page": "/pages/index/index"}, 41030),
        ({"scene": "a", "page": "pages/index/index?a=1"}, 41030),
        ({"scene": "a", "page": "pages/nowhere"}, 41030),
        ({"scene": "a", "page": "pages/nowhere", "check_path": False}, None),
        ({"scene": "a", "is_hyaline": 1}, 47001),
        ({"scene": "a", "check_path": "false"}, 47001),
        ({"scene": "a", "width": "430"}, 47001),
        ({"scene": "a", "width": 430.0}, None),
        ({"scene": "a", "width": 279}, 40189),
        ({"scene": "a", "line_color": {"r": 256}}, 40097),
        ({"scene": "a", "line_color": {"r": "red"}}, 47001),
        ({"scene": "a", "line_color": []}, 47001),
        ({"scene": "a", "something": "new"}, None),
    ],
    LIMITED: [
        (b"path=a", 40159),
        ({}, 40159),
        ({"path": ""}, 40159),
        ({"path": "a" * 1025}, 40159),
        ({"path": "页" * 1024}, None),
        ({"path": 7}, 47001),
        ({"path": "a?scancode_time=1"}, 85096),
        ({"path": "a", "env_version": "x"}, 40097),
        ({"path": "a", "auto_color": 1}, 47001),
        ({"path": "a", "width": 1281}, 40189),
    ],
    SQUARE: [
        (b"[]", 40159),
        ({"path": ""}, 40159),
        ({"path": "a" * 129}, 40159),
        ({"path": "页" * 43}, 40159),
        ({"path": "a" * 128}, None),
        ({"path": "a?scancode_time=1"}, 85096),
        ({"path": "a", "width": True}, 47001),
    ],
}


@EACH
def test_each_mistake_gets_the_errcode_that_wechat_gives(door, path):
    token, offenders = door.token(), []
    for body, expected in COMMON + BODIES[path]:
        answer = door.ask_code(path, token, body)
        found = None if answer["Content-Type"] == "image/jpeg" else errcode(answer)
        if found != expected:
            offenders.append((body, expected, answer.content))
    assert offenders == []


@EACH
def test_the_sandbox_gives_the_same_errcodes(door, sandbox, miniprogram, web, path):
    token, offenders = get_access_token(miniprogram, requested_by="test").value, []
    for body, expected in COMMON + BODIES[path]:
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = web.post(f"{sandbox.url}{UPSTREAM[path]}", params={"access_token": token}, timeout=60, **sent)
        if expected is not None and answer.json()["errcode"] != expected:
            offenders.append((body, expected, answer.json()))
    assert offenders == []


@EACH
def test_the_wrong_method_is_told(door, client, path):
    assert errcode(client.get(path)) == 43002


@EACH
def test_wechats_bad_days_reach_the_sdk_in_wechats_shape(door, sandbox, path):
    token, found = door.token(), {}
    expected = {"busy": -1, "quota": 45009, "errcode": -1, "http_502": -1, "truncated_picture": -1, "reset": -1}
    for fault in expected:
        sandbox.fault(fault, endpoint=UPSTREAM[path])
        # a code of its own: an answer that was lost holds its request up
        body = {"scene": fault} if path == UNLIMITED else {"path": f"pages/a?b={fault}"}
        found[fault] = errcode(door.ask_code(path, token, body))
        sandbox.clear_faults()
    assert found == expected
    assert not IssuedCode.objects.exists()
    assert [attempt.door for attempt in FailedAttempt.objects.all()] == [HistoryDoor.WECHAT] * len(expected)


def test_the_last_of_the_hundred_thousand_is_told(door, sandbox, miniprogram):
    sandbox.order("POST", "apps", appid=miniprogram.appid, limited_codes_used=100_000)
    assert errcode(issue(door, LIMITED)) == errcode(issue(door, SQUARE)) == 45029


def test_too_many_requests_are_wechats_minute_quota(door, monkeypatch):
    monkeypatch.setattr("apps.codes.permits.PERMITS_PER_MINUTE", 1)
    monkeypatch.setattr("apps.codes.permits.PERMIT_BURST", 1)
    monkeypatch.setattr("apps.codes.permits.PERMIT_WAIT_SECONDS", 0.0)
    token = door.token()
    assert door.ask_code(UNLIMITED, token, {"scene": "a=1"})["Content-Type"] == "image/jpeg"
    assert errcode(door.ask_code(UNLIMITED, token, {"scene": "a=2"})) == 45011


# --- tokens --------------------------------------------------------------------------------------------------------


@EACH
def test_tokens_that_were_never_handed_out_open_nothing(door, path):
    tokens = {"": 41001, "short": 40014, "91_" + "x" * 130: 40001, "x" * 5000: 40014}
    assert {token: errcode(door.ask_code(path, token, GOOD[path])) for token in tokens} == tokens


def test_no_token_at_all(door):
    assert errcode(door.client.post(UNLIMITED)) == 41001


def test_the_token_says_which_mini_program(door, sandbox):
    other = make_miniprogram(sandbox)
    token = get_access_token(other, requested_by="test").value
    assert read_metadata(door.ask_code(UNLIMITED, token, {"scene": "a"}).content)["appid"] == other.appid


def test_a_token_from_the_rest_api_is_good_here_too(door, miniprogram):
    token = make_api().get(f"/api/v1/miniprograms/{miniprogram.appid}/access-token/").json()["access_token"]
    assert door.ask_code(UNLIMITED, token, {"scene": "a"})["Content-Type"] == "image/jpeg"


def test_the_previous_token_is_good_inside_its_window(door, miniprogram):
    miniprogram.token_mode = "classic"
    miniprogram.save()
    old = door.token()
    refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test")
    assert door.token() != old
    assert door.ask_code(UNLIMITED, old, {"scene": "a"})["Content-Type"] == "image/jpeg"


def test_a_token_that_was_replaced_because_wechat_rejected_it_is_not_latest(door, miniprogram):
    old = door.token()
    replace_rejected_token(miniprogram, rejected=old, requested_by="test")
    assert errcode(door.ask_code(UNLIMITED, old, {"scene": "a"})) == 40001


def test_a_token_that_has_reached_its_end_is_expired(door, miniprogram):
    value = "91_" + "e" * 100
    handed_out.note_owner(miniprogram.appid, UsableToken(value, time.time() - 1, "stable", 0))
    assert errcode(door.ask_code(UNLIMITED, value, {"scene": "a"})) == 42001


def test_the_tokens_of_a_deleted_mini_program_open_nothing(door, miniprogram):
    token = door.token()
    miniprogram.delete()
    assert errcode(door.ask_code(UNLIMITED, token, {"scene": "a"})) == 40001


def test_a_mini_program_that_is_switched_off_is_restricted(door, miniprogram):
    token = door.token()
    miniprogram.is_active = False
    miniprogram.save()
    assert errcode(door.ask_code(UNLIMITED, token, {"scene": "a"})) == 50002


@EACH
def test_a_token_that_died_unseen_is_replaced_behind_the_door(door, sandbox, miniprogram, path):
    miniprogram.token_mode = "classic"
    miniprogram.save()
    token = door.token()
    sandbox.steal(miniprogram.appid), sandbox.steal(miniprogram.appid)
    assert door.ask_code(path, token, GOOD[path])["Content-Type"] == "image/jpeg"
    assert sandbox.count("/cgi-bin/token") == 2


def test_an_api_that_rejects_every_token_never_says_so_to_the_sdk(door, sandbox):
    """WeChat's 40001 would make the SDK fetch a token and try again, for ever."""
    token = door.token()
    sandbox.fault("invalid_token", endpoint=UPSTREAM[UNLIMITED])
    assert errcode(door.ask_code(UNLIMITED, token, {"scene": "a"})) == -1


# --- Redis away ----------------------------------------------------------------------------------------------------


@pytest.fixture
def redis_away(monkeypatch):
    """`redis_away()`: from now on every command fails at once."""
    return lambda: monkeypatch.setattr(_Pause, "until", time.monotonic() + 60)


def test_without_redis_the_last_token_still_fetches_codes_that_are_stored(door, redis_away):
    token = door.token()
    picture = door.ask_code(UNLIMITED, token, {"scene": "a"}).content
    redis_away()
    assert door.token() == token
    assert door.ask_code(UNLIMITED, token, {"scene": "a"}).content == picture
    assert errcode(door.ask_code(UNLIMITED, token, {"scene": "new"})) == -1
    assert errcode(door.ask_code(UNLIMITED, "91_" + "x" * 130, {"scene": "a"})) == -1
