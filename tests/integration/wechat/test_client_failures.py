"""Bad days on the wire: each ends, in one of our errors, and shows no credential."""

import datetime
import json
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.views.debug import ExceptionReporter

from apps.wechat.client import ANSWER_MAX_BYTES, WeChatClient
from apps.wechat.errors import MalformedResponse, WeChatBusy, WeChatError, WeChatTimeout, WeChatUnreachable
from apps.wechat.failures import AnswerCut, ConnectTimeout, NotReached
from apps.wechat.transport import DeadlineSession
from apps.wechat.types import UnlimitedCode
from tests.integration.wechat.raw_server import Connection, RawServer, always
from tests.unit.wechat.samples import APPID, JPEG, SECRET, TOKEN
from tests.waiting import wait_until

Play = Callable[[Connection], None]
CODE = UnlimitedCode(scene="a")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(JPEG)
# The total for a call that is to end by it, and for one that is to end otherwise. In real time: tests/drills.
SHORT, LONG = 0.2, 60.0


def failing(url: str, *, seconds: float = LONG) -> WeChatError:
    """The error of a code call."""
    client = WeChatClient(url, connect_timeout=seconds, token_timeout=seconds, code_timeout=seconds)
    with pytest.raises(WeChatError) as caught:
        client.unlimited_code(access_token=TOKEN, code=CODE)
    return caught.value


def played(play: Play, *, seconds: float = LONG) -> WeChatError:
    with RawServer(play) as server:
        return failing(server.url, seconds=seconds)


def after_request(*parts: bytes, then: Callable[[Connection], object] = lambda connection: None) -> Play:
    def play(connection: Connection) -> None:
        connection.read_request()
        for part in parts:
            connection.send(part)
        then(connection)

    return play


def wait(connection: Connection) -> None:
    connection.stopped.wait(LONG)


def drip(data: bytes) -> Callable[[Connection], object]:
    return lambda connection: connection.drip(data, every=0.05)


# --- time --------------------------------------------------------------------------------------------------


# Each byte comes in time for a timeout that begins anew with it; all of them would take minutes.
SLOW_PLAYS = {
    "accepts and reads nothing": wait,
    "reads and never answers": after_request(then=wait),
    "stops in the headers": after_request(b"HTTP/1.1 200 OK\r\n", then=wait),
    "stops in the body": after_request(HEAD + JPEG[:500], then=wait),
    "drips headers": after_request(then=drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 500)),
    "drips the body": after_request(HEAD, then=drip(JPEG)),
    "drips chunks": after_request(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", then=drip(b"1\r\na\r\n" * 500)
    ),
    "drips without a length": after_request(b"HTTP/1.1 200 OK\r\n\r\n", then=drip(JPEG)),
    "drips interim answers": after_request(then=drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)),
}


def test_no_slowness_holds_a_call_beyond_its_total():
    with ThreadPoolExecutor(len(SLOW_PLAYS)) as pool:
        errors = dict(
            zip(SLOW_PLAYS, pool.map(lambda play: played(play, seconds=SHORT), SLOW_PLAYS.values()), strict=True)
        )
    assert {name: error for name, error in errors.items() if type(error) is not WeChatTimeout} == {}
    assert {(error.is_retryable, error.http_status) for error in errors.values()} == {(True, 504)}


def test_a_server_that_does_not_accept_is_a_timeout():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        # the backlog is full after these, so that further connections hang
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(address)
        error = failing(f"http://127.0.0.1:{address[1]}", seconds=SHORT)
        for sock in waiting:
            sock.close()
    assert type(error) is ConnectTimeout and error.code == WeChatTimeout.code
    assert "Connecting" in str(error)


def test_token_calls_have_a_timeout_of_their_own():
    # the server hangs up before the code timeout is over, which would be another error
    with RawServer(after_request(then=lambda connection: connection.stopped.wait(20))) as server:
        client = WeChatClient(server.url, token_timeout=0.1, code_timeout=LONG)
        for call in (client.token, client.stable_token, client.clear_quota):
            with pytest.raises(WeChatTimeout):
                call(appid=APPID, secret=SECRET)
        with pytest.raises(WeChatTimeout):
            client.api_domain_ips(access_token=TOKEN)


def test_a_slow_answer_within_the_time_is_an_answer():
    with RawServer(after_request(HEAD[:10], then=lambda c: (c.stopped.wait(0.1), c.send(HEAD[10:] + JPEG)))) as server:
        image = WeChatClient(server.url, code_timeout=LONG).unlimited_code(access_token=TOKEN, code=CODE)
    assert image.content == JPEG


# --- connections -------------------------------------------------------------------------------------------


def test_a_refused_connection_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failing(f"http://127.0.0.1:{port}")
    assert type(error) is NotReached and error.is_retryable
    assert "refused" in str(error)


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(lambda connection: connection.reset(), id="at once"),
        pytest.param(after_request(), id="closed without an answer"),
        pytest.param(after_request(then=Connection.reset), id="reset without an answer"),
        pytest.param(after_request(HEAD + JPEG[:5000], then=Connection.reset), id="reset in the body"),
    ],
)
def test_a_broken_connection_is_unreachable(play):
    error = played(play)
    assert isinstance(error, WeChatUnreachable) and not isinstance(error, WeChatTimeout)
    assert error.is_retryable


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_an_answer_shorter_than_promised_is_malformed_trap_12(share):
    error = played(after_request(HEAD + JPEG[: int(len(JPEG) * share)]))
    assert type(error) is MalformedResponse and error.is_retryable


def test_a_cut_picture_with_a_length_that_fits_is_malformed_trap_12():
    error = played(always(JPEG[: len(JPEG) // 2]))
    assert type(error) is MalformedResponse
    assert "is incomplete" in str(error)


def test_chunks_that_end_early_are_malformed():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert type(played(after_request(head + b"400\r\n" + JPEG[:100]))) is AnswerCut


def test_an_answer_that_is_not_http_is_malformed():
    assert type(played(after_request(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))) is MalformedResponse


def test_an_answer_with_endless_headers_is_malformed():
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(500))
    assert type(played(after_request(head + b"\r\n"))) is MalformedResponse


def test_a_compressed_answer_that_nobody_asked_for_is_malformed():
    headers = "Content-Encoding: gzip\r\n"
    assert type(played(always(b"\x1f\x8b\x08" + bytes(100), headers=headers))) is MalformedResponse


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "503 Busy", "504 Slow"])
def test_a_gateway_error_is_unreachable(status):
    error = played(always(b"<html>nginx</html>", status=status))
    assert type(error) is WeChatUnreachable
    assert status[:3] in str(error)


def test_an_answer_over_the_limit_is_not_read_to_its_end():
    sent: list[int] = []

    def play(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while len(sent) < 1000:
            connection.send(bytes(1024 * 1024))
            sent.append(1)

    error = played(play)
    assert type(error) is MalformedResponse and str(ANSWER_MAX_BYTES) in str(error)
    assert len(sent) < 30


def test_a_name_that_does_not_exist_is_unreachable():
    error = failing("http://wechat.invalid")
    assert type(error) is NotReached
    assert "wechat.invalid" in str(error)


def test_what_the_caller_was_handling_before_is_not_taken_for_the_cause():
    with RawServer(after_request()) as server:
        try:
            raise TimeoutError("Redis took too long")
        except TimeoutError:
            error = failing(server.url)
    assert type(error) is WeChatUnreachable


# --- TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for localhost, and the file that makes a client trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    trusted.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted


def test_a_certificate_that_nobody_signed_is_refused(certificate):
    with RawServer(always(JPEG), tls=certificate[0]) as server:
        error = failing(server.url.replace("127.0.0.1", "localhost"))
    assert type(error) is WeChatUnreachable and "TLS" in str(error)
    assert server.received == []


def test_the_deadline_holds_over_tls(certificate):
    context, trusted = certificate
    session = DeadlineSession(connections=4, ca_bundle=trusted.read_text())
    late = (requests.Timeout, requests.ConnectionError, urllib3.exceptions.HTTPError)
    with (
        RawServer(after_request(HEAD, then=drip(JPEG)), tls=context) as server,
        session,
        pytest.raises(late, match="timed out"),
    ):
        session.get(server.url.replace("127.0.0.1", "localhost"), timeout=urllib3.Timeout(total=SHORT), stream=False)


def test_connections_are_kept_over_tls(certificate):
    context, trusted = certificate
    session = DeadlineSession(connections=4, ca_bundle=trusted.read_text())
    with RawServer(always(JPEG), tls=context) as server, session:
        for _ in range(3):
            answer = session.get(server.url.replace("127.0.0.1", "localhost"), timeout=urllib3.Timeout(total=LONG))
            assert answer.content == JPEG
    assert server.connections == 1


def test_an_operators_certificates_are_the_ones_that_count(certificate):
    context, trusted = certificate
    with RawServer(always(JPEG), tls=context) as server:
        client = WeChatClient(server.url.replace("127.0.0.1", "localhost"), ca_bundle=trusted.read_text())
        assert client.unlimited_code(access_token=TOKEN, code=CODE).content == JPEG


def test_no_more_connections_than_allowed_are_opened_and_who_finds_none_is_told():
    """Twenty threads, four connections, a server that answers once all the others have been told."""
    may_answer = threading.Event()

    def play(connection: Connection) -> None:
        connection.read_request()
        may_answer.wait(LONG)
        connection.answer(JPEG)

    with RawServer(play) as server, ThreadPoolExecutor(20) as threads:
        client = WeChatClient(server.url, connections=4, connect_timeout=SHORT, code_timeout=LONG)
        calls = [threads.submit(client.unlimited_code, access_token=TOKEN, code=CODE) for _ in range(20)]
        wait_until(lambda: sum(call.done() for call in calls) == 16, seconds=60)
        may_answer.set()
        errors = [type(call.exception()) for call in calls]
    assert server.connections == 4
    assert (errors.count(WeChatBusy), errors.count(type(None))) == (16, 4)


def test_whoever_waits_for_a_connection_gets_the_next_free_one():
    with RawServer(always(JPEG)) as server:
        client = WeChatClient(server.url, connections=2)
        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(lambda _: client.unlimited_code(access_token=TOKEN, code=CODE), range(40))
        assert all(answer.content == JPEG for answer in answers)
        assert server.connections <= 2


# --- secrets (trap 25) -------------------------------------------------------------------------------------

REDIRECT = f"Location: http://127.0.0.1:1/?secret={SECRET}&access_token={TOKEN}\r\n"
ECHO = json.dumps({"errcode": 40125, "errmsg": f"invalid appsecret {SECRET} token {TOKEN} ?secret={SECRET}"}).encode()


LEAKY_PLAYS = {
    "timeout": (after_request(then=wait), 0.1),
    "timeout in the body": (after_request(HEAD + JPEG[:500], then=wait), 0.1),
    "hung up": (after_request(), LONG),
    "reset": (after_request(then=Connection.reset), LONG),
    "reset in the body": (after_request(HEAD + JPEG[:500], then=Connection.reset), LONG),
    "truncated": (after_request(HEAD + JPEG[:500]), LONG),
    "not HTTP": (after_request(b"not HTTP\r\n\r\n"), LONG),
    "odd headers": (after_request(b"HTTP/1.1 200 OK\r\n broken\r\nx\r\n\r\n"), LONG),
    "redirect": (always(b"", status="302 Found", headers=REDIRECT), LONG),
    "5xx": (always(b"<html>", status="502 Bad Gateway"), LONG),
    "HTML": (always(b"<html>"), LONG),
    "WeChat quotes the credentials": (always(ECHO), LONG),
}
# One without an answer, one with: each method has variables of its own, and below them all is the same.
EACH_CALL = ("hung up", "WeChat quotes the credentials")


def test_no_traceback_and_no_log_line_shows_a_credential(caplog):
    caplog.set_level(logging.DEBUG)
    # what an operator might do while hunting a problem
    for name in ("urllib3", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    shown = {
        name: everything_shown_of_calls(play, seconds, is_each=name in EACH_CALL)
        for name, (play, seconds) in LEAKY_PLAYS.items()
    }
    texts = {name: "\n".join(texts) for name, texts in shown.items()} | {"log": caplog.text}
    assert [name for name, text in texts.items() if SECRET in text or TOKEN in text] == []


def everything_shown_of_calls(play: Play, seconds: float, *, is_each: bool) -> list[str]:
    """What the errors show of calls with a secret and with a token in the address; of each method if told."""
    shown: list[str] = []
    with RawServer(play) as server:
        client = WeChatClient(server.url, connect_timeout=seconds, token_timeout=seconds, code_timeout=seconds)
        calls: list[Callable[[], object]] = [
            lambda: client.token(appid=APPID, secret=SECRET),
            lambda: client.unlimited_code(access_token=TOKEN, code=CODE),
            lambda: client.stable_token(appid=APPID, secret=SECRET),
            lambda: client.clear_quota(appid=APPID, secret=SECRET),
            lambda: client.api_domain_ips(access_token=TOKEN),
        ]
        for call in calls if is_each else calls[:2]:
            with pytest.raises(WeChatError) as caught:
                call()
            shown += everything_shown(caught.value)
    return shown


def test_a_refused_connection_shows_no_credential():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WeChatUnreachable) as caught:
        WeChatClient(f"http://127.0.0.1:{port}").token(appid=APPID, secret=SECRET)
    text = "\n".join(everything_shown(caught.value))
    assert SECRET not in text


def test_no_library_exception_hangs_on_to_ours():
    with RawServer(after_request()) as server, pytest.raises(WeChatUnreachable) as caught:
        WeChatClient(server.url).token(appid=APPID, secret=SECRET)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def everything_shown(error: WeChatError) -> list[str]:
    """What loggers print of an error, and Django's error report with the variables of every frame."""
    parts = [str(error), repr(error), json.dumps(error.as_problem()), repr(vars(error))]
    linked: BaseException | None = error
    while linked is not None:
        parts += traceback.format_exception(type(linked), linked, linked.__traceback__, chain=True)
        # the test's own frames know the credentials, so the report begins below them
        frames = linked.__traceback__
        while frames and frames.tb_frame.f_code.co_filename == __file__:
            frames = frames.tb_next
        parts.append(ExceptionReporter(None, type(linked), linked, frames).get_traceback_html())
        linked = linked.__cause__ or linked.__context__
    return parts
