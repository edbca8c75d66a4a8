"""The client on a real socket: what it sends, what it keeps open, what it repeats."""

import json
import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import pytest

from apps.wechat.client import WeChatClient
from apps.wechat.errors import MalformedResponse, WeChatError, WeChatTimeout, WeChatUnreachable
from apps.wechat.transport import DeadlineReader, DeadlineSession
from apps.wechat.types import UnlimitedCode
from tests.integration.wechat.raw_server import Connection, RawServer, always
from tests.unit.wechat.samples import APPID, JPEG, SECRET, TOKEN
from tests.waiting import wait_until

TOKEN_BODY = json.dumps({"access_token": TOKEN, "expires_in": 7200}).encode()
OK_BODY = b'{"errcode":0,"errmsg":"ok"}'
CODE = UnlimitedCode(scene="a=1&b=2", page="pages/商品")


def in_threads(count: int, call: Callable[[], object]) -> list[object]:
    """What `count` threads got that called at the same moment; an error is a result too."""
    results: list[object] = []
    start = threading.Barrier(count)

    def run() -> None:
        start.wait(60)
        try:
            results.append(call())
        except WeChatError as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_token_call_sends_one_get():
    with RawServer(always(TOKEN_BODY)) as server:
        assert WeChatClient(server.url).token(appid=APPID, secret=SECRET).value == TOKEN
    (received,) = server.received
    assert received.line == (
        f"GET /cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET} HTTP/1.1".encode()
    )
    assert received.body == b"" and b"content-type" not in received.headers


def test_a_code_call_sends_raw_utf8_json():
    with RawServer(always(JPEG)) as server:
        image = WeChatClient(server.url + "/").unlimited_code(access_token=TOKEN, code=CODE)
    (received,) = server.received
    assert image.content == JPEG
    assert received.line == f"POST /wxa/getwxacodeunlimit?access_token={TOKEN} HTTP/1.1".encode()
    assert received.headers[b"content-type"] == b"application/json"
    assert b'"scene":"a=1&b=2"' in received.body and "pages/商品".encode() in received.body


def test_no_compressed_answer_is_asked_for():
    with RawServer(always(TOKEN_BODY)) as server:
        WeChatClient(server.url).stable_token(appid=APPID, secret=SECRET)
    assert server.received[0].headers[b"accept-encoding"] == b"identity"


def test_many_calls_share_one_connection():
    with RawServer(always(TOKEN_BODY)) as server:
        client = WeChatClient(server.url)
        for _ in range(5):
            client.stable_token(appid=APPID, secret=SECRET)
    assert (len(server.received), server.connections) == (5, 1)


def test_a_refusal_does_not_cost_the_connection():
    with RawServer(always(b'{"errcode":41030,"errmsg":"invalid page"}')) as server:
        client = WeChatClient(server.url)
        for _ in range(3):
            with pytest.raises(Exception, match="41030"):
                client.unlimited_code(access_token=TOKEN, code=CODE)
    assert server.connections == 1


def test_sixty_four_threads_share_one_client():
    with RawServer(always(TOKEN_BODY)) as server:
        client = WeChatClient(server.url)
        for _ in range(3):
            results = in_threads(64, lambda: client.stable_token(appid=APPID, secret=SECRET).value)
            assert results == [TOKEN] * 64
    assert server.connections <= 64


def test_a_cookie_is_never_sent_back():
    with (
        RawServer(always(TOKEN_BODY, headers="Set-Cookie: who=me; Path=/\r\n")) as server,
        DeadlineSession(connections=4) as session,
    ):
        for _ in range(2):
            session.get(server.url, timeout=5)
    assert [received.headers.get(b"cookie") for received in server.received] == [None, None]


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with RawServer(always(TOKEN_BODY)) as server:
        assert WeChatClient(server.url).token(appid=APPID, secret=SECRET).value == TOKEN


def test_a_redirect_is_not_followed():
    with RawServer(always(TOKEN_BODY)) as elsewhere:
        location = f"Location: {elsewhere.url}/cgi-bin/token?secret={SECRET}\r\n"
        with (
            RawServer(always(b"", status="302 Found", headers=location)) as server,
            pytest.raises(MalformedResponse, match="redirect"),
        ):
            WeChatClient(server.url).token(appid=APPID, secret=SECRET)
    assert elsewhere.received == []


def test_an_answer_in_chunks_is_read():
    def play(connection: Connection) -> None:
        while connection.read_request():
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in range(0, len(JPEG), 5000):
                part = JPEG[start : start + 5000]
                connection.send(b"%x\r\n" % len(part) + part + b"\r\n")
            connection.send(b"0\r\n\r\n")

    with RawServer(play) as server:
        client = WeChatClient(server.url)
        for _ in range(2):
            assert client.unlimited_code(access_token=TOKEN, code=CODE).content == JPEG
    assert server.connections == 1


def test_an_answer_that_ends_with_the_connection_is_read():
    def play(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.0 200 OK\r\n\r\n" + JPEG)

    with RawServer(play) as server:
        assert WeChatClient(server.url).unlimited_code(access_token=TOKEN, code=CODE).content == JPEG


def test_a_picture_under_a_json_type_and_json_under_a_picture_type_are_what_their_bytes_say_trap_10():
    with RawServer(always(JPEG, headers="Content-Type: application/json; encoding=utf-8\r\n")) as server:
        assert WeChatClient(server.url).unlimited_code(access_token=TOKEN, code=CODE).content == JPEG
    body = b'{"errcode":41030,"errmsg":"invalid page"}'
    with (
        RawServer(always(body, headers="Content-Type: image/jpeg\r\n")) as server,
        pytest.raises(Exception, match="41030"),
    ):
        WeChatClient(server.url).unlimited_code(access_token=TOKEN, code=CODE)


# --- connections that went stale ---------------------------------------------------------------------------


def hang_up_on_the_second(connection: Connection, *, with_reset: bool, body: bytes = TOKEN_BODY) -> None:
    """The first connection answers once and dies when it is used again; later ones behave."""
    while connection.read_request():
        if connection.number == 1 and sum(r.connection == 1 for r in connection.server.received) == 2:
            if with_reset:
                connection.reset()
            return
        connection.answer(body)


@pytest.mark.parametrize("with_reset", [False, True])
def test_a_call_on_a_connection_that_went_stale_is_sent_once_more(with_reset):
    with RawServer(lambda connection: hang_up_on_the_second(connection, with_reset=with_reset)) as server:
        client = WeChatClient(server.url)
        client.stable_token(appid=APPID, secret=SECRET)
        assert client.stable_token(appid=APPID, secret=SECRET).value == TOKEN
    assert [received.connection for received in server.received] == [1, 1, 2]


def test_clearing_the_quota_is_never_sent_twice():
    with RawServer(lambda c: hang_up_on_the_second(c, with_reset=False, body=OK_BODY)) as server:
        client = WeChatClient(server.url)
        client.clear_quota(appid=APPID, secret=SECRET)
        with pytest.raises(WeChatUnreachable):
            client.clear_quota(appid=APPID, secret=SECRET)
    assert len(server.received) == 2


def test_a_call_is_sent_at_most_twice():
    def play(connection: Connection) -> None:
        if connection.number == 1:
            connection.read_request()
            connection.answer(TOKEN_BODY)
        connection.read_request()

    with RawServer(play) as server:
        client = WeChatClient(server.url)
        client.stable_token(appid=APPID, secret=SECRET)
        with pytest.raises(WeChatUnreachable):
            client.stable_token(appid=APPID, secret=SECRET)
    assert [received.connection for received in server.received] == [1, 1, 2]


def test_a_new_connection_that_dies_is_not_tried_again():
    def play(connection: Connection) -> None:
        connection.read_request()

    with RawServer(play) as server, pytest.raises(WeChatUnreachable):
        WeChatClient(server.url).stable_token(appid=APPID, secret=SECRET)
    assert len(server.received) == 1


def test_a_call_whose_answer_had_begun_is_not_sent_again(monkeypatch):
    has_read, read = threading.Event(), DeadlineReader.readinto

    def readinto(reader: DeadlineReader, buffer: Any) -> int | None:
        count = read(reader, buffer)
        has_read.set()
        return count

    def play(connection: Connection) -> None:
        connection.read_request()
        connection.answer(TOKEN_BODY)
        connection.read_request()
        has_read.clear()
        connection.send(b"HTTP/1.1 200")
        # a reset may overtake bytes that nobody has read
        has_read.wait(60)
        connection.reset()

    monkeypatch.setattr(DeadlineReader, "readinto", readinto)
    with RawServer(play) as server:
        client = WeChatClient(server.url)
        client.stable_token(appid=APPID, secret=SECRET)
        with pytest.raises((WeChatUnreachable, MalformedResponse)):
            client.stable_token(appid=APPID, secret=SECRET)
    assert len(server.received) == 2


def test_a_timeout_is_not_sent_again():
    def play(connection: Connection) -> None:
        connection.read_request()
        connection.answer(TOKEN_BODY)
        connection.read_request()
        connection.stopped.wait(60)

    with RawServer(play) as server:
        client = WeChatClient(server.url, token_timeout=60)
        client.stable_token(appid=APPID, secret=SECRET)
        client.token_timeout = 0.1
        with pytest.raises(WeChatTimeout):
            client.stable_token(appid=APPID, secret=SECRET)
    assert len(server.received) == 2


def test_one_stale_connection_is_warning_enough_for_all_that_are_as_old():
    """A firewall forgets all idle connections at once, and only using one tells: RST instead of an answer."""
    idle = 8
    # the calls of the first round and of the last overlap, so that each needs a connection of its own
    first, last = threading.Barrier(idle), threading.Barrier(idle)
    is_last = threading.Event()

    def play(connection: Connection) -> None:
        is_old = connection.number <= idle
        if connection.read_request() and is_old:
            first.wait(60)
        while True:
            if is_last.is_set():
                last.wait(60)
            connection.answer(TOKEN_BODY)
            if not connection.read_request():
                return
            if is_old:
                connection.reset()
                return

    with RawServer(play) as server:
        client = WeChatClient(server.url)
        for count in (idle, 1, idle):
            if server.connections > idle:
                is_last.set()
            results = in_threads(count, lambda: client.stable_token(appid=APPID, secret=SECRET).value)
            assert results == [TOKEN] * count
    tried = [received for received in server.received if received.connection <= idle]
    assert len(tried) == idle + 1


def test_a_connection_that_was_closed_while_idle_is_noticed_before_it_is_used():
    def play(connection: Connection) -> None:
        connection.read_request()
        connection.answer(TOKEN_BODY)

    with RawServer(play) as server:
        client = WeChatClient(server.url)
        for _ in range(3):
            client.stable_token(appid=APPID, secret=SECRET)
            wait_until(lambda: not server.open_connections, seconds=60)
    assert (len(server.received), server.connections) == (3, 3)


# --- processes ---------------------------------------------------------------------------------------------


def _call_in_child(client: WeChatClient, results: "multiprocessing.Queue[str]") -> None:
    results.put(client.stable_token(appid=APPID, secret=SECRET).value)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_connections_of_its_own():
    fork = multiprocessing.get_context("fork")
    with RawServer(always(TOKEN_BODY)) as server:
        client = WeChatClient(server.url)
        client.stable_token(appid=APPID, secret=SECRET)
        results = fork.Queue()
        child = fork.Process(target=_call_in_child, args=(client, results))
        child.start()
        assert results.get(timeout=20) == TOKEN
        child.join(20)
        client.stable_token(appid=APPID, secret=SECRET)
    assert [received.connection for received in server.received] == [1, 2, 1]
