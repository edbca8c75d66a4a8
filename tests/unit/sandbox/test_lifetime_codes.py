"""getwxacode and createwxaqrcode: WeChat's rules for path, and the 100,000 that both share for ever."""

import pytest

from apps.sandbox.metadata import read_metadata
from apps.sandbox.registry import App
from tests.unit.sandbox.weixin import APPID, ask, errcode, fetch, register

LIMITED, SQUARE = "/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"
BOTH = pytest.mark.parametrize("path", [LIMITED, SQUARE])


def call(world, path, body=None, **fields):
    token = fetch(world)
    body = {"path": "pages/index/index?a=1"} | fields if body is None else body
    return ask(world, path, {"access_token": token}, body)


def headers(reply):
    return dict(reply.headers)


@BOTH
def test_a_picture_comes_with_its_path(world, path):
    reply = call(world, path)
    assert reply.content_type == "image/jpeg"
    assert read_metadata(reply.body)["page"] == "pages/index/index?a=1"


def test_only_getwxacode_tells_how_many_are_used(world):
    assert headers(call(world, LIMITED)) == {"Num-Used": "1"}
    assert headers(call(world, SQUARE)) == {}
    assert headers(call(world, LIMITED)) == {"Num-Used": "3"}


def test_num_used_is_on_the_wire(world):
    head = call(world, LIMITED).encode(keep_alive=True).split(b"\r\n\r\n")[0]
    assert head.endswith(b"\r\nNum-Used: 1")


@BOTH
def test_the_last_of_the_hundred_thousand_is_the_last_for_ever(world, path):
    register(world, limited_codes_used=99_999)
    assert errcode(call(world, path)) == 0
    world.clock.advance(365 * 86_400)
    assert [errcode(call(world, other)) for other in (LIMITED, SQUARE)] == [45029, 45029]


@BOTH
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 44002),
        (b"path=pages", 40159),
        (b"[]", 40159),
        (b"{", 47001),
        (b"{}", 40159),
        ({"path": ""}, 40159),
        ({"path": 7}, 47001),
        ({"path": "p?scancode_time=1"}, 85096),
        ({"path": "p", "width": 279}, 40189),
        ({"path": "p", "width": "430"}, 47001),
    ],
)
def test_mistakes_have_their_errcodes(world, path, body, expected):
    assert errcode(call(world, path, body)) == expected
    assert world.apps[APPID].limited_codes_used == 0


@pytest.mark.parametrize(
    ("path", "longest"), [(LIMITED, "a" * 1024), (LIMITED, "页" * 1024), (SQUARE, "a" * 128), (SQUARE, "页" * 42)]
)
def test_the_longest_path_is_taken_and_one_more_character_is_not(world, path, longest):
    assert errcode(call(world, path, {"path": longest})) == 0
    assert errcode(call(world, path, {"path": longest + longest[0]})) == 40159


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"env_version": "beta"}, 40097), ({"is_hyaline": 1}, 47001), ({"line_color": "red"}, 47001)],
)
def test_the_looks_of_getwxacode_are_checked(world, fields, expected):
    assert errcode(call(world, LIMITED, **fields)) == expected


def test_a_transparent_one_is_a_png(world):
    assert call(world, LIMITED, is_hyaline=True).content_type == "image/png"


def test_a_restart_keeps_the_count_and_an_old_state_file_has_none(world):
    call(world, SQUARE)
    state = world.apps[APPID].as_json()
    assert App.from_json(state).limited_codes_used == 1
    del state["limited_codes_used"]
    assert App.from_json(state).limited_codes_used == 0
