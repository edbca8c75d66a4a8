"""HTTP as bytes: keep-alive, pipelining, one write, limits, and the ways in which a connection ends."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from apps.sandbox.server import DRIP_PIECES, MAX_WAITING, Connection
from apps.sandbox.wire import Delivery, Reply, Request
from tests.unit.sandbox.weixin import APPID, CODE, CREDENTIALS, TOKEN
from tests.waiting import wait_until


@pytest.fixture
def raw(sandbox):
    url = urlsplit(sandbox.url)
    with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
        yield connection


def read_answers(connection: socket.socket, count: int) -> list[tuple[bytes, bytes]]:
    """(head, body) of so many answers."""
    answers = []
    with connection.makefile("rb") as stream:
        for _ in range(count):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += stream.readline()
            answers.append((head, stream.read(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))))
    return answers


def get(path: str, *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/{version}", "Host: x", *headers, "", ""]).encode()


def test_a_picture_over_real_http(caller):
    answer = caller.code(caller.token())
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_json_answers_have_wechats_odd_content_type(caller):
    assert caller.get(TOKEN).headers["Content-Type"] == "application/json; encoding=utf-8"


def test_a_path_nobody_serves_is_404_in_html(caller):
    for path in ("/", "/wxa/nothing", "/cgi-bin/token/", "/_sandbox"):
        answer = caller.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html")


def test_pipelined_requests_are_answered_in_their_order(raw, sandbox):
    sandbox.latency(0.2, endpoint=TOKEN)
    raw.sendall(get("/cgi-bin/token") + get("/first") + get("/cgi-bin/get_api_domain_ip") + get("/_sandbox/calls"))
    bodies = [body for _, body in read_answers(raw, 4)]
    assert [b"40002" in bodies[0], b"404" in bodies[1], b"41001" in bodies[2], b"mints" in bodies[3]] == [True] * 4


def test_many_pipelined_requests_are_all_answered(raw):
    count = 10 * MAX_WAITING
    raw.sendall(get("/nothing") * count)
    assert len(read_answers(raw, count)) == count


def test_a_slow_reader_of_many_pictures_gets_all_of_them(sandbox, raw, caller):
    body = b'{"scene":"a"}'
    token = caller.token()
    head = f"POST {CODE}?access_token={token} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    raw.sendall((head.encode() + body) * 100)
    # more than goes into the sockets between the two, and nothing is read yet
    wait_until(lambda: sandbox.count(CODE) > 10)
    assert all(body.endswith(b"\xff\xd9") for _, body in read_answers(raw, 100))


def test_a_request_in_single_bytes(raw):
    for byte in get("/cgi-bin/token"):
        raw.sendall(bytes([byte]))
    assert b"40002" in read_answers(raw, 1)[0][1]


@pytest.mark.parametrize(
    ("request_bytes", "stays"),
    [
        (get("/x"), True),
        (get("/x", "Connection: close"), False),
        (get("/x", version="1.0"), False),
        (get("/x", "Connection: keep-alive", version="1.0"), True),
    ],
)
def test_a_connection_stays_as_long_as_the_caller_wants(raw, request_bytes, stays):
    raw.sendall(request_bytes)
    ((head, _),) = read_answers(raw, 1)
    assert (b"Connection: keep-alive" in head, b"Connection: close" in head) == (stays, not stays)
    if not stays:
        assert raw.recv(1) == b""


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00"])
def test_what_is_not_http_is_400(raw, nonsense):
    raw.sendall(nonsense)
    assert read_answers(raw, 1)[0][0].startswith(b"HTTP/1.1 400 ")
    assert raw.recv(1) == b""


def test_a_head_without_end_is_431(raw):
    raw.sendall(get("/x", *["X-Long: " + "x" * 4000] * 20))
    assert read_answers(raw, 1)[0][0].startswith(b"HTTP/1.1 431 ")


def test_a_body_without_measure_is_413(raw):
    raw.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1_100_000)
    assert read_answers(raw, 1)[0][0].startswith(b"HTTP/1.1 413 ")


def test_a_cautious_caller_is_told_to_go_on(raw):
    raw.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    raw.sendall(b"{}")
    assert read_answers(raw, 1)[0][0].startswith(b"HTTP/1.1 404 ")


def test_head_gets_no_body(caller):
    answer = caller.session.head(caller.url + TOKEN, timeout=60)
    assert (answer.status_code, answer.content) == (200, b"")


def test_reset_is_a_reset(sandbox, caller):
    sandbox.fault("reset", times=1)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        caller.get(TOKEN)
    assert caller.get(TOKEN).status_code == 200


def test_a_drip_is_a_whole_answer_in_the_end(sandbox, caller):
    token = caller.token()
    whole = caller.code(token).content
    sandbox.fault("drip", seconds=0.05, times=1)
    assert caller.code(token).content == whole


def test_hang_never_answers_and_others_are_served_meanwhile(sandbox, caller, raw):
    sandbox.fault("hang", times=1)
    raw.sendall(get(TOKEN) + get("/x"))
    wait_until(lambda: sandbox.order("GET", "faults") == {"faults": []})
    assert caller.get(TOKEN).status_code == 200
    raw.setblocking(False)
    with pytest.raises(BlockingIOError):
        raw.recv(1)


def test_a_cut_connection_is_noticed_by_the_client(sandbox, caller):
    token = caller.token()
    sandbox.fault("cut_connection", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        caller.code(token)


def test_a_truncated_picture_is_not_noticed_by_http(sandbox, caller):
    token = caller.token()
    sandbox.fault("truncated_picture", times=1)
    answer = caller.code(token)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert not answer.content.endswith(b"\xff\xd9")


def test_a_caller_who_leaves_while_waiting_harms_nobody(sandbox, caller, raw):
    sandbox.latency(0.2)
    raw.sendall(get(TOKEN) * 3)
    raw.close()
    # as long as the others would have waited, and later
    assert caller.get(TOKEN, params=CREDENTIALS).json()["expires_in"] == 7200
    assert sandbox.count(TOKEN, appid=APPID) == 1


class Recorder(asyncio.Transport):
    """A transport that keeps every write apart."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        super().__init__({"peername": ("::ffff:192.0.2.1", 1), "socket": self.socket})
        self.writes: list[bytes] = []
        self.is_closed = False

    def write(self, data):
        self.writes.append(data)

    def close(self):
        self.is_closed = True

    def resume_reading(self):
        pass


def test_head_and_body_leave_in_one_write_and_mapped_addresses_are_ipv4():
    seen: list[Request] = []

    def answer(request: Request) -> Reply:
        seen.append(request)
        return Reply(b"x" * 60_000)

    transport = Recorder()
    connection = Connection(answer, set())
    connection.connection_made(transport)
    connection.data_received(get("/a?b=c") * 2)
    transport.socket.close()
    assert [len(write.partition(b"\r\n\r\n")[2]) for write in transport.writes] == [60_000, 60_000]
    assert (seen[0].path, seen[0].query, seen[0].ip) == ("/a", {"b": "c"}, "192.0.2.1")


def test_a_drip_leaves_in_many_writes():
    transport = Recorder()

    async def serve():
        reply = Reply(b"x" * 60_000, delivery=Delivery.DRIP, drip_seconds=0.01)
        connection = Connection(lambda _request: reply, set())
        connection.connection_made(transport)
        connection.data_received(get("/a"))
        while not transport.is_closed:
            await asyncio.sleep(0)

    # in this thread there may be another loop
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, serve()).result()
    transport.socket.close()
    assert len(transport.writes) == DRIP_PIECES
    assert b"".join(transport.writes).endswith(b"x" * 60_000)
    assert max(map(len, transport.writes)) < 4_000
