"""The guide for frontends: fetch in a real browser from another origin, uni.request with what WeChat's clients send."""

import json

import pytest

from apps.clients.services import create_client
from apps.codes.models import IssuedCode
from tests.parts import make_miniprogram
from tests.unit.guides.blocks import find_blocks, need, run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
APPID = "wx0123456789abcdef"
DRAWN_WIDTH = "async source => { const img = new Image(); img.src = source; await img.decode(); return img.width }"
# uni.request as a mini-program has it: no Origin, a Referer that the page cannot change
UNI = """
globalThis.uni = { request({ url, method, header, data, success, fail }) {
  const headers = { 'Content-Type': 'application/json', ...header,
                    Referer: 'https://servicewechat.com/%s/3/page-frame.html' }
  const { request } = require('node:http')
  const call = request(url, { method, headers }, answer => {
    let text = ''
    answer.on('data', part => { text += part })
    answer.on('end', () => success({ statusCode: answer.statusCode, data: JSON.parse(text) }))
  })
  call.on('error', fail)
  call.end(JSON.stringify(data))
} }
"""


@pytest.fixture
def shop(sandbox):
    return make_miniprogram(sandbox, appid=APPID)


def make_key(origin):
    return create_client(name="web", scopes=["codes:create"], appids=[APPID], origins=[origin], is_publishable=True)[1]


def filled(program, live_server, key):
    address = live_server.url.replace("localhost", "127.0.0.1")
    assert "https://wxcode.example.com" in program and "wxp_…" in program and APPID in program
    return program.replace("https://wxcode.example.com", address).replace("wxp_…", key)


def test_fetch_from_a_page_of_another_origin(chromium, live_server, shop):
    # one server, two origins: the page comes from localhost and asks 127.0.0.1
    page_origin = live_server.url.replace("127.0.0.1", "localhost")
    program = filled(find_blocks("frontend.md", "js")[0], live_server, make_key(page_origin))
    page = chromium.new_page()
    try:
        page.goto(f"{page_origin}/healthz")
        picture = page.evaluate(f"async () => {{ {program}; return await codeFor('table=7') }}")
        width = page.evaluate(DRAWN_WIDTH, picture)
    finally:
        page.close()
    assert width == 430
    assert (IssuedCode.objects.get().scene, IssuedCode.objects.get().client.name) == ("table=7", "web")


def test_a_page_of_an_origin_that_is_not_listed_learns_nothing(chromium, live_server, shop):
    program = filled(find_blocks("frontend.md", "js")[0], live_server, make_key("https://shop.example.com"))
    page = chromium.new_page()
    try:
        page.goto(f"{live_server.url.replace('127.0.0.1', 'localhost')}/healthz")
        outcome = page.evaluate(
            f"async () => {{ {program}; try {{ return await codeFor('a') }} catch (error) {{ return String(error) }} }}"
        )
    finally:
        page.close()
    assert "Failed to fetch" in outcome
    assert not IssuedCode.objects.exists()


def ask_uni(tmp_path, live_server, key, scene):
    node = need("node", is_optional_in_ci=True)
    program = filled(find_blocks("frontend.md", "js")[1], live_server, key)
    ask = f"codeFor({json.dumps(scene)}).then(console.log, error => console.log(error.message))"
    (tmp_path / "page.cjs").write_text(f"{UNI % APPID}\n{program}\n{ask}\n")
    return run(node, "page.cjs", cwd=tmp_path)


def test_uni_request_from_a_mini_program(tmp_path, live_server, shop):
    key = make_key("https://servicewechat.com")
    assert ask_uni(tmp_path, live_server, key, "table=7").startswith("data:image/jpeg;base64,")
    assert "scene" in ask_uni(tmp_path, live_server, key, "桌")


def test_uni_request_without_the_origin_of_mini_programs(tmp_path, live_server, shop):
    assert "servicewechat.com" in ask_uni(tmp_path, live_server, make_key("https://shop.example.com"), "table=7")
