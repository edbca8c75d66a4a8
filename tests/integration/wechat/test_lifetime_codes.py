"""The two APIs that cost one of 100,000 codes: their bytes, their count, and that nothing is sent twice by itself."""

import pytest

from apps.wechat import protocol, rules
from apps.wechat.client import WeChatClient
from apps.wechat.connection import wechat_client
from apps.wechat.errors import PermanentlyRefused, WeChatUnreachable
from apps.wechat.types import LimitedCode, LineColor, QrCode
from tests.integration.wechat.raw_server import Connection, RawServer, always
from tests.unit.wechat.samples import APPID, JPEG, SECRET, TOKEN

LIMITED = LimitedCode(path="pages/a/b?x=1&y=页", env_version="trial", line_color=LineColor(1, 2, 3))
CALLS = {
    "limited": lambda client: client.limited_code(access_token=TOKEN, code=LIMITED),
    "qrcode": lambda client: client.qr_code(access_token=TOKEN, code=QrCode(path="pages/a/b")),
}
EACH = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def test_a_limited_code_is_asked_for_with_its_path_and_looks():
    request = protocol.limited_code_request(access_token=TOKEN, code=LIMITED)
    assert (request.method, request.target) == ("POST", f"/wxa/getwxacode?access_token={TOKEN}")
    assert (
        request.body
        == (
            '{"path":"pages/a/b?x=1&y=页","env_version":"trial","width":430,"auto_color":false,'
            '"line_color":{"r":1,"g":2,"b":3},"is_hyaline":false}'
        ).encode()
    )


def test_a_square_code_is_asked_for_with_path_and_width_only():
    request = protocol.qr_code_request(access_token=TOKEN, code=QrCode(path="pages/a/b", width=280))
    assert request.target == f"/cgi-bin/wxaapp/createwxaqrcode?access_token={TOKEN}"
    assert request.body == b'{"path":"pages/a/b","width":280}'


@EACH
@pytest.mark.parametrize(("header", "expected"), [("Num-Used: 421\r\n", 421), ("", None), ("Num-Used: many\r\n", None)])
def test_the_count_is_read_from_the_header(call, header, expected):
    with RawServer(always(JPEG, headers=header)) as server:
        image = call(WeChatClient(server.url))
    assert (image.content, image.num_used) == (JPEG, expected)


@EACH
def test_a_connection_that_went_stale_is_not_tried_again(call):
    def answer_once(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(JPEG) + JPEG)
        # the second request of this connection is read, and nothing comes back
        connection.read_request()

    with RawServer(answer_once) as server:
        client = WeChatClient(server.url)
        call(client)
        with pytest.raises(WeChatUnreachable):
            call(client)
    assert len(server.received) == 2


def test_the_sandbox_answers_both_until_the_last_is_gone(sandbox):
    sandbox.register(APPID, SECRET, limited_codes_used=99_999)
    client = wechat_client(is_sandbox=True)
    token = client.stable_token(appid=APPID, secret=SECRET).value
    square = QrCode(path="pages/a/b")
    assert client.qr_code(access_token=token, code=square).width == 430
    for ask in (client.limited_code, client.qr_code):
        with pytest.raises(PermanentlyRefused) as refused:
            ask(access_token=token, code=LIMITED if ask == client.limited_code else square)
        assert refused.value.errcode == 45029


@pytest.mark.parametrize("path", ["pages/a/b?x=1", "?foo=bar", "a" * 128])
def test_a_good_path_has_no_problem(path):
    assert rules.limited_path_problems(path) == rules.qrcode_path_problems(path) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [("", "needs a path"), ("a\nb", "invisible"), ("p?scancode_time=1", "scancode_time"), ("a" * 1025, "too long")],
)
def test_each_problem_of_a_path_is_told(path, message):
    assert any(message in problem for problem in rules.limited_path_problems(path))
    assert any(message in problem for problem in rules.qrcode_path_problems(path))


def test_the_square_kind_counts_bytes():
    assert rules.limited_path_problems("页" * 43) == []
    assert "1 bytes too long" in rules.qrcode_path_problems("页" * 43)[0]
