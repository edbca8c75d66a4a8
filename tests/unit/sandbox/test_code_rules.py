"""The rules of a code request, by errcode: scene, page, JSON types, rate."""

import json

import pytest

from apps.sandbox import limits
from apps.sandbox.validation import SCENE_ALPHABET, parse_code_request
from tests.unit.sandbox.weixin import APPID, CODE, PROBE, ask, code, errcode, fetch, register, said


@pytest.fixture
def token(world) -> str:
    return fetch(world)


def post(world, token, body) -> int:
    return errcode(ask(world, CODE, {"access_token": token}, body))


@pytest.mark.parametrize("scene", ["a", "x" * 32, "!#$&'()*+,/:;=?@-._~", "id=7&from=poster"])
def test_scenes_that_wechat_takes(world, token, scene):
    assert errcode(code(world, token, scene=scene)) == 0


def test_the_alphabet_has_82_characters():
    assert len(SCENE_ALPHABET) == 82


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"scene": ""}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "中" * 33}, 40169),
        ({"scene": "中" * 32}, 40129),
        ({"scene": "100%"}, 40129),
        ({"scene": "a b"}, 40129),
        ({"scene": "<a>"}, 40129),
        ({"scene": 5}, 47001),
        ({"scene": None}, 47001),
        ({"scene": "scancode_time=1"}, 85096),
        ({"page": "pages/scancode_time"}, 85096),
        ({"env_version": "release_error"}, 40097),
        ({"env_version": 1}, 47001),
        ({"width": 279}, 40189),
        ({"width": 1281}, 40189),
        ({"width": "430"}, 47001),
        ({"width": True}, 47001),
        ({"is_hyaline": 1}, 47001),
        ({"auto_color": "true"}, 47001),
        ({"check_path": 0}, 47001),
        ({"page": None}, 47001),
        ({"line_color": "red"}, 47001),
        ({"line_color": {"r": "x"}}, 47001),
        ({"line_color": {"r": 1.5}}, 47001),
        ({"line_color": {"r": 256}}, 40097),
        ({"line_color": {"r": -1}}, 40097),
        ({"page": "/pages/index"}, 41030),
        ({"page": "pages/index?a=1"}, 41030),
    ],
)
def test_refused_fields(world, token, fields, expected):
    assert errcode(code(world, token, **fields)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 44002),
        (b"{}", 40169),
        (b'{"scence": "a"}', 40169),
        (b"scene=a&page=pages%2Findex", 40169),
        (b"[1]", 40169),
        (b'"scene"', 40169),
        (b"{scene=a}", 47001),
        (b'{"scene": "a"', 47001),
        (b'{"scene": "a", "width": NaN}', 47001),
        (b'{"scene": "\xff"}', 47001),
        (b'{"scene": "a\\u0026b"}', 40129),
        (b'{"scene": "\\u0061"}', 40129),
        (b'{"sc\\u0065ne": "a"}', 40129),
        (b'{"scene": "a", "page": "pages\\u002findex"}', 0),
        (b'{"scene": "a\\/b"}', 0),
        (b'{"scene": "a\\\\u0026"}', 40129),
    ],
)
def test_bodies_by_their_bytes(world, token, body, expected):
    assert post(world, token, body) == expected


def test_an_escaped_page_is_not_decoded(world, token):
    register(world, released_pages=["pages/index"])
    assert post(world, token, rb'{"scene": "a", "page": "pages\u002findex"}') == 41030
    assert post(world, token, rb'{"scene": "a", "page": "pages\/index"}') == 0


def test_line_color_as_numbers_or_as_strings():
    colors = [{"r": 10, "g": 20, "b": 30}, {"r": "10", "g": "20", "b": "30"}]
    parsed = [parse_code_request(json.dumps({"scene": "a", "line_color": color}).encode()) for color in colors]
    assert [request.line_color for request in parsed] == [(10, 20, 30)] * 2


def test_the_defaults_are_the_documented_ones():
    request = parse_code_request(b'{"scene": "a"}')
    assert (request.page, request.check_path, request.env_version) == ("", True, "release")
    assert (request.width, request.auto_color, request.is_hyaline) == (430, False, False)
    assert request.line_color == (0, 0, 0)


def test_the_order_of_the_rules(world, token):
    """Token, JSON, scene length, alphabet, reserved word, arguments, page: each of these hides the later ones."""
    fields = {"scene": "%" * 33, "page": "/scancode_time", "env_version": "x", "width": 1}
    assert errcode(code(world, "nonsense", **fields)) == 40014
    assert errcode(code(world, token, **fields)) == 40169
    assert errcode(code(world, token, **fields | {"scene": "%"})) == 40129
    assert errcode(code(world, token, **fields | {"scene": "a"})) == 85096
    assert errcode(code(world, token, **fields | {"scene": "a", "page": "/x"})) == 40097
    assert errcode(code(world, token, scene="a", page="/x", width=1)) == 40189
    assert errcode(code(world, token, scene="a", page="/x")) == 41030


@pytest.mark.parametrize("env_version", ["release", "trial", "develop"])
def test_every_version_is_looked_up_in_the_released_pages_by_default(world, token, env_version):
    register(world, released_pages=["pages/old"], trial_pages=["pages/new"], develop_pages=["pages/new"])
    assert errcode(code(world, token, page="pages/new", env_version=env_version)) == 41030
    assert errcode(code(world, token, page="pages/old", env_version=env_version)) == 0
    assert errcode(code(world, token, page="pages/new", env_version=env_version, check_path=False)) == 0


def test_without_page_lists_every_page_exists_and_the_home_page_always_does(world, token):
    assert errcode(code(world, token, page="pages/any")) == 0
    register(world, released_pages=[])
    assert errcode(code(world, token, page="pages/any")) == 41030
    assert errcode(code(world, token, page="")) == 0


def test_unchecked_pages_keep_the_format_of_a_page(world, token):
    assert errcode(code(world, token, page="/pages/x", check_path=False)) == 41030


def test_sixty_thousand_distinct_unchecked_pages(world, token):
    pages = world.apps[APPID].unchecked_pages
    pages.update(f"pages/{number}" for number in range(limits.UNCHECKED_PAGES - 1))
    assert errcode(code(world, token, page="pages/last", check_path=False)) == 0
    assert errcode(code(world, token, page="pages/more", check_path=False)) == 41030
    assert errcode(code(world, token, page="pages/last", check_path=False)) == 0


@pytest.mark.parametrize("configured", [45009, 45011])
def test_too_many_codes_in_a_minute(world, token, configured):
    world.options.minute_limit_errcode = configured
    register(world, code_calls_per_minute=2)
    assert [errcode(code(world, token)) for _ in range(3)] == [0, 0, configured]
    world.clock.advance(60)
    assert errcode(code(world, token)) == 0


def test_every_app_has_its_own_minute(world, token):
    register(world, "wxffffffffffffffff", "other")
    register(world, code_calls_per_minute=1)
    other = world.mint(world.apps["wxffffffffffffffff"], "classic", "fetch").value
    assert [errcode(code(world, token)), errcode(code(world, token)), errcode(code(world, other))] == [0, 45009, 0]


@pytest.mark.parametrize("forced", [48001, 48004, 50002, 45063])
def test_an_app_that_may_not(world, token, forced):
    register(world, api_errcode=forced)
    assert errcode(code(world, token)) == forced


def test_get_is_told_to_post(world, token):
    assert errcode(ask(world, CODE, {"access_token": token})) == 43002


def test_the_token_must_be_in_the_query(world, token):
    assert errcode(ask(world, CODE, body={"scene": "a", "access_token": token})) == 41001


def test_the_cheap_probe_lists_addresses(world, token):
    assert len(said(ask(world, PROBE, {"access_token": token}))["ip_list"]) >= 1
