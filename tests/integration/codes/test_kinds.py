"""Kinds limited and qrcode: a path instead of scene and page, and 100,000 codes for a lifetime."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from hashlib import sha256

import pytest
from django.db import connection

from apps.codes.lifetime import CALL_SECONDS, AnswerLost, note_used, spending
from apps.codes.models import FailedAttempt, IssuedCode, LifetimePool
from apps.codes.requests import CodeRequest, code_request, digest, wire_code
from apps.coordination.connection import key
from apps.sandbox.metadata import read_metadata
from apps.wechat.types import LineColor
from tests.parts import make_api, make_miniprogram

LIMITED, SQUARE = "/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"
ENDPOINTS = {"limited": LIMITED, "qrcode": SQUARE}
BOTH = pytest.mark.parametrize("kind", ENDPOINTS)
pytestmark = pytest.mark.django_db


@pytest.fixture
def miniprogram(sandbox):
    return make_miniprogram(sandbox)


def issue(miniprogram, kind, *, api=None, headers=None, **fields):
    body = {"appid": miniprogram.appid, "kind": kind, "path": "pages/index/index?table=7", **fields}
    body = {name: value for name, value in body.items() if value is not None}
    return (api or make_api()).post("/api/v1/codes/", body, format="json", headers=headers or {})


def pool(miniprogram):
    return LifetimePool.objects.get(miniprogram=miniprogram)


@BOTH
def test_a_code_of_each_kind_comes_from_its_own_api(sandbox, miniprogram, kind):
    answer = issue(miniprogram, kind)
    facts = answer.json()
    assert (answer.status_code, facts["kind"], facts["path"], facts["scene"]) == (
        201,
        kind,
        "pages/index/index?table=7",
        "",
    )
    assert (facts["num_used"], answer["Num-Used"]) == (1, "1")
    assert sandbox.count(ENDPOINTS[kind], successful=True) == 1


@BOTH
def test_the_picture_is_stored_and_the_history_finds_it_by_kind_and_path(miniprogram, kind):
    api = make_api()
    code = issue(miniprogram, kind, api=api).json()
    assert read_metadata(api.get(code["image_url"]).content)["page"] == code["path"]
    for query in (f"kind={kind}", "search=TABLE%3D7", "page=pages/index/index%3Ftable%3D7"):
        assert [row["id"] for row in api.get(f"/api/v1/codes/?{query}").json()["results"]] == [code["id"]]


@BOTH
def test_the_same_request_again_costs_none_of_the_hundred_thousand(sandbox, miniprogram, kind):
    api = make_api()
    first, again = issue(miniprogram, kind, api=api), issue(miniprogram, kind, api=api)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert sandbox.app(miniprogram.appid)["limited_codes_used"] == pool(miniprogram).used == 1


@BOTH
def test_a_leading_slash_makes_no_second_code(sandbox, miniprogram, kind):
    api = make_api()
    first = issue(miniprogram, kind, api=api, path="/pages/a?b=1")
    again = issue(miniprogram, kind, api=api, path="pages/a?b=1")
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 200, first.json()["id"])
    assert sandbox.app(miniprogram.appid)["limited_codes_used"] == 1


def stored_with_its_slash(miniprogram, kind, api):
    """A code whose digest still tells both spellings apart, as they were stored once."""
    code = IssuedCode.objects.get(pk=issue(miniprogram, kind, api=api, path="/pages/a").json()["id"])
    request = code_request(miniprogram, kind=kind, path="/pages/a")
    canonical = json.dumps({"kind": kind, **asdict(wire_code(request))}, sort_keys=True, separators=(",", ":"))
    code.digest = sha256(canonical.encode()).hexdigest()
    code.save(update_fields=["digest"])
    return code


@BOTH
def test_a_code_stored_with_its_slash_is_found_under_both_spellings(sandbox, miniprogram, kind):
    api = make_api()
    code = stored_with_its_slash(miniprogram, kind, api)
    for path in ("/pages/a", "pages/a"):
        again = issue(miniprogram, kind, api=api, path=path)
        assert (again.status_code, again.json()["id"]) == (200, code.pk), path
    assert sandbox.app(miniprogram.appid)["limited_codes_used"] == 1


def test_a_code_stored_with_its_slash_stands_in_the_way_of_a_reissue_like_it(miniprogram):
    api = make_api()
    code = stored_with_its_slash(miniprogram, "limited", api)
    other = issue(miniprogram, "limited", api=api, path="pages/a", width=860).json()
    answer = api.post(f"/api/v1/codes/{other['id']}/reissue", {"width": 430}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "same_code_exists")
    assert str(code.pk) in answer.json()["detail"]


def test_the_kinds_never_share_a_code(miniprogram):
    api = make_api()
    ids = {issue(miniprogram, kind, api=api).json()["id"] for kind in ENDPOINTS}
    ids.add(issue(miniprogram, "unlimited", api=api, path=None, scene="a").json()["id"])
    assert len(ids) == 3


def test_another_parameter_is_another_limited_code(miniprogram):
    api = make_api()
    looks = [{"width": 280}, {"is_hyaline": True}, {"env_version": "trial"}, {"auto_color": True}]
    changes = [{}, {"path": "pages/b"}, *looks]
    ids = [issue(miniprogram, "limited", api=api, **change).json()["id"] for change in changes]
    assert len(set(ids)) == len(changes)


BAD = [
    ({"path": ""}, "path", "needs a path"),
    ({"path": None}, "path", "needs a path"),
    ({"path": 7}, "path", "string"),
    ({"path": "a?scancode_time=1"}, "path", "scancode_time"),
    ({"path": "a" * 1025}, "path", "too long"),
    ({"scene": "a"}, "scene", "no scene"),
    ({"page": "pages/a"}, "page", "uses path"),
    ({"check_path": False}, "check_path", "support check_path"),
    ({"width": 1}, "width", "280"),
]


@BOTH
def test_bad_input_is_explained_and_costs_nothing(sandbox, miniprogram, kind):
    api = make_api()
    for fields, name, message in BAD:
        answer = issue(miniprogram, kind, api=api, **fields)
        assert answer.status_code == 400, fields
        assert any(message in text for text in answer.json()["errors"][name]), answer.json()
    assert sandbox.count(ENDPOINTS[kind]) == 0


def test_the_square_kind_knows_only_path_and_width(miniprogram):
    looks = {"env_version": "trial", "auto_color": True, "line_color": {"r": 1, "g": 1, "b": 1}, "is_hyaline": True}
    assert set(issue(miniprogram, "qrcode", **looks).json()["errors"]) == set(looks)


def test_the_path_of_the_square_kind_is_shorter(miniprogram):
    assert "limit is 128" in issue(miniprogram, "qrcode", path="a" * 129).json()["errors"]["path"][0]


def test_several_problems_are_told_at_once(miniprogram):
    errors = issue(miniprogram, "limited", path="", scene="a", width=1, lable="x").json()["errors"]
    assert set(errors) == {"path", "scene", "width", "lable"}


def test_the_unlimited_kind_takes_no_path_and_still_needs_its_scene(miniprogram):
    assert set(issue(miniprogram, "unlimited").json()["errors"]) == {"path", "scene"}


# --- the pool ---------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_both_kinds_count_in_one_pool_and_wechat_corrects_it(sandbox, miniprogram):
    api = make_api()
    issue(miniprogram, "qrcode", api=api)
    assert pool(miniprogram).used == 1
    # another system has used some, which only getwxacode tells
    sandbox.order("POST", "apps", appid=miniprogram.appid, limited_codes_used=500)
    assert issue(miniprogram, "limited", api=api)["Num-Used"] == "501"
    assert issue(miniprogram, "qrcode", api=api, path="b").json()["num_used"] == pool(miniprogram).used == 502


@pytest.mark.both_databases
def test_an_answer_that_was_overtaken_does_not_turn_the_count_back(miniprogram):
    note_used(miniprogram, 11), note_used(miniprogram, 10)
    assert pool(miniprogram).used == 11


@BOTH
def test_an_empty_pool_is_told_for_ever(sandbox, miniprogram, kind):
    sandbox.order("POST", "apps", appid=miniprogram.appid, limited_codes_used=100_000)
    problem = issue(miniprogram, kind).json()
    assert (problem["status"], problem["code"], problem["errcode"]) == (409, "wechat_limit_reached", 45029)
    assert "unlimited" in problem["advice"]
    assert not IssuedCode.objects.exists()


def test_from_eighty_percent_on_the_log_and_the_admin_warn(sandbox, miniprogram, admin_client, caplog):
    sandbox.order("POST", "apps", appid=miniprogram.appid, limited_codes_used=79_998)
    api = make_api()
    issue(miniprogram, "limited", api=api)
    assert not caplog.records or "limited and square" not in caplog.text
    issue(miniprogram, "limited", api=api, path="b")
    assert "has used 80000 of its 100000 limited and square codes" in caplog.text
    page = admin_client.get("/admin/codes/lifetimepool/").content.decode()
    assert "80 % of the lifetime quota is used" in page


LOST = ["reset", "http_502", "truncated_picture", "cut_connection", "hang", "garbage"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_neither_repeated_nor_forgotten(sandbox, settings, fault):
    if fault == "hang":
        settings.WECHAT_CODE_TIMEOUT = 0.1
    api = make_api()
    for kind, endpoint in ENDPOINTS.items():
        miniprogram = make_miniprogram(sandbox)
        sandbox.fault(fault, endpoint=endpoint, times=1)
        assert issue(miniprogram, kind, api=api).status_code in (502, 504)
        again = issue(miniprogram, kind, api=api)
        assert (again.status_code, again.json()["code"]) == (409, "wechat_answer_lost")
        assert again["Retry-After"] == "60"
        assert sandbox.count(endpoint) == 1
        assert pool(miniprogram).uncertain == 1
    assert not IssuedCode.objects.exists()


def test_after_a_minute_the_caller_may_spend_another_one(sandbox, miniprogram, clock):
    sandbox.fault("reset", endpoint=LIMITED, times=1)
    api = make_api()
    issue(miniprogram, "limited", api=api)
    clock.advance(60)
    assert issue(miniprogram, "limited", api=api).status_code == 201
    assert (pool(miniprogram).used, pool(miniprogram).uncertain) == (1, 0)


def test_another_code_is_not_held_up_by_a_lost_answer(sandbox, miniprogram):
    sandbox.fault("reset", endpoint=LIMITED, times=1)
    api = make_api()
    issue(miniprogram, "limited", api=api)
    assert issue(miniprogram, "limited", api=api, path="b").status_code == 201


@BOTH
def test_a_refusal_costs_nothing_and_may_be_repeated_at_once(sandbox, miniprogram, kind):
    sandbox.fault("busy", endpoint=ENDPOINTS[kind], times=1)
    api = make_api()
    assert issue(miniprogram, kind, api=api).status_code == 503
    assert issue(miniprogram, kind, api=api).status_code == 201
    assert pool(miniprogram).uncertain == 0


@BOTH
def test_a_rejected_token_is_replaced_and_the_call_repeated_once(sandbox, miniprogram, kind):
    sandbox.fault("invalid_token", endpoint=ENDPOINTS[kind], times=1)
    assert issue(miniprogram, kind).status_code == 201
    assert sandbox.count(ENDPOINTS[kind]) == 2
    assert sandbox.app(miniprogram.appid)["limited_codes_used"] == 1


def test_a_process_that_died_during_the_call_leaves_it_refused_to_its_followers(miniprogram, redis_client):
    with pytest.raises(KeyboardInterrupt), spending(miniprogram, "digest"):
        raise KeyboardInterrupt
    with pytest.raises(AnswerLost), spending(miniprogram, "digest"):
        pass
    assert redis_client.ttl(key("lifetime-call", miniprogram.appid, "digest")) <= CALL_SECONDS


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_twenty_identical_requests_at_once_spend_one(sandbox):
    miniprogram, api = make_miniprogram(sandbox), make_api()
    sandbox.latency(0.2, endpoint=LIMITED)

    def ask(_number):
        try:
            return issue(miniprogram, "limited", api=api).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        assert sorted(threads.map(ask, range(20))) == [200] * 19 + [201]
    assert sandbox.app(miniprogram.appid)["limited_codes_used"] == 1


def test_a_failed_attempt_remembers_the_path(sandbox, miniprogram):
    sandbox.fault("busy", endpoint=LIMITED)
    issue(miniprogram, "limited", path="pages/a?b=1")
    attempt = FailedAttempt.objects.get()
    assert (attempt.kind, attempt.page, str(attempt)) == ("limited", "pages/a?b=1", "pages/a?b=1: -1")


def test_codes_issued_before_there_were_other_kinds_keep_their_digest(miniprogram):
    request = code_request(miniprogram, scene="a=1", page="p", env_version="release", check_path=True)
    color = '"line_color":{"b":0,"g":0,"r":0}'
    canonical = (
        '{"auto_color":false,"check_path":true,"env_version":"release","is_hyaline":false,"kind":"unlimited",'
        f'{color},"page":"p","scene":"a=1","width":430}}'
    )
    assert digest(request) == sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("kind", ["unlimited", "limited", "qrcode"])
def test_the_digest_covers_everything_that_wechat_is_told(kind):
    look = {"auto_color": False, "line_color": LineColor(1, 2, 3), "is_hyaline": True, "width": 860}
    request = CodeRequest(scene="a=1", page="pages/a", env_version="trial", check_path=False, kind=kind, **look)
    canonical = json.dumps({"kind": kind, **asdict(wire_code(request))}, sort_keys=True, separators=(",", ":"))
    assert digest(request) == sha256(canonical.encode()).hexdigest()
