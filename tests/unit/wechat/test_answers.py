"""What an answer means, decided by its bytes."""

import json

import pytest

from apps.wechat import protocol
from apps.wechat.errors import (
    CredentialProblem,
    InputRejected,
    MalformedResponse,
    PermanentlyRefused,
    QuotaExhausted,
    TokenRejected,
    WeChatBusy,
    WeChatError,
    WeChatUnreachable,
)
from apps.wechat.refusals import ERRMSG_MAX_LENGTH
from apps.wechat.types import AccessToken, UnlimitedCode
from apps.wechat.wire import WireAnswer
from tests.unit.wechat.samples import APPID, JPEG, PNG, RID, SECRET, TOKEN, json_answer, refusal

TOKEN_CALL = protocol.stable_token_request(appid=APPID, secret=SECRET, force_refresh=False)
CODE_CALL = protocol.unlimited_code_request(access_token=TOKEN, code=UnlimitedCode(scene="a"))
QUOTA_CALL = protocol.clear_quota_request(appid=APPID, secret=SECRET)
IPS_CALL = protocol.api_domain_ips_request(access_token=TOKEN)


def code_error(answer: WireAnswer) -> WeChatError:
    with pytest.raises(WeChatError) as caught:
        protocol.read_code_image(CODE_CALL, answer)
    return caught.value


def token_error(answer: WireAnswer) -> WeChatError:
    with pytest.raises(WeChatError) as caught:
        protocol.read_access_token(TOKEN_CALL, answer)
    return caught.value


# --- success -----------------------------------------------------------------------------------------------


def test_a_token_answer_without_errcode_is_a_success():
    answer = json_answer({"access_token": TOKEN, "expires_in": 7200})
    assert protocol.read_access_token(TOKEN_CALL, answer) == AccessToken(TOKEN, 7200)


@pytest.mark.parametrize("extra", [{"errcode": 0}, {"errcode": 0, "errmsg": "ok"}, {"errcode": "0"}])
def test_an_errcode_of_zero_is_a_success(extra):
    answer = json_answer({"access_token": TOKEN, "expires_in": 345} | extra)
    assert protocol.read_access_token(TOKEN_CALL, answer).expires_in == 345


def test_expires_in_may_come_as_a_text_of_digits():
    answer = json_answer({"access_token": TOKEN, "expires_in": "7200"})
    assert protocol.read_access_token(TOKEN_CALL, answer).expires_in == 7200


def test_a_jpeg_is_a_jpeg_whatever_was_asked_for_trap_11():
    image = protocol.read_code_image(CODE_CALL, WireAnswer(200, JPEG))
    assert (image.media_type, image.extension, image.width, image.height) == ("image/jpeg", "jpg", 430, 430)
    assert image.content is JPEG


def test_a_png_is_a_png_whatever_its_header_said_trap_11():
    image = protocol.read_code_image(CODE_CALL, WireAnswer(200, PNG))
    assert (image.media_type, image.extension) == ("image/png", "png")


def test_a_confirmation_is_read():
    assert protocol.read_confirmation(QUOTA_CALL, json_answer({"errcode": 0, "errmsg": "ok"})) is None


def test_a_list_of_addresses_is_read():
    answer = json_answer({"ip_list": ["101.89.47.18", "101.226.103.0/25"]})
    assert protocol.read_ip_list(IPS_CALL, answer) == ["101.89.47.18", "101.226.103.0/25"]


def test_a_byte_order_mark_before_the_json_is_no_obstacle():
    body = b"\xef\xbb\xbf" + json.dumps({"access_token": TOKEN, "expires_in": 7200}).encode()
    assert protocol.read_access_token(TOKEN_CALL, WireAnswer(200, body)).value == TOKEN


# --- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errcode", "kind", "status"),
    [
        (40001, TokenRejected, 502),
        (40014, TokenRejected, 502),
        (42001, TokenRejected, 502),
        (-1, WeChatBusy, 503),
        (45011, WeChatBusy, 503),
        (45009, QuotaExhausted, 503),
        (40125, CredentialProblem, 502),
        (48001, CredentialProblem, 502),
        (41030, InputRejected, 422),
        (40129, InputRejected, 422),
        (45029, PermanentlyRefused, 409),
    ],
)
def test_the_errcode_decides_the_error(errcode, kind, status):
    error = code_error(refusal(errcode, "this text says nothing"))
    assert type(error) is kind
    assert (error.errcode, error.http_status, error.rid) == (errcode, status, RID)
    assert error.as_problem()["advice"]


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_rejected_credential_on_a_token_call_is_about_the_secret(errcode):
    assert type(token_error(refusal(errcode))) is CredentialProblem


def test_the_text_never_decides():
    assert type(code_error(refusal(41030, "access_token expired"))) is InputRejected
    assert type(code_error(refusal(41030, "ok"))) is InputRejected


def test_an_error_served_as_a_picture_is_still_an_error_trap_9():
    # the header is not even handed to the protocol, so it cannot mislead it
    assert "headers" not in WireAnswer.__slots__
    assert type(code_error(refusal(42001))) is TokenRejected


def test_an_errcode_as_text_still_counts():
    assert code_error(json_answer({"errcode": "41030", "errmsg": "invalid page"})).errcode == 41030


def test_an_unknown_errcode_is_a_plain_wechat_error_that_quotes_wechat():
    error = code_error(refusal(12345678, "something new"))
    assert type(error) is WeChatError
    assert "12345678" in str(error) and "something new" in str(error)
    assert not error.is_retryable


def test_busy_answers_say_when_to_come_back():
    assert code_error(refusal(45011)).retry_after == 60
    assert code_error(refusal(-1)).retry_after == 3


def test_the_quota_of_a_code_call_may_be_that_of_the_minute():
    assert code_error(refusal(45009)).retry_after == 60
    assert token_error(refusal(45009)).retry_after == 3600


def test_a_refused_address_waits_for_as_long_as_wechat_blocks_it():
    assert token_error(refusal(89506)).retry_after == 24 * 3600
    assert token_error(refusal(89507)).retry_after == 3600


def test_the_address_that_wechat_saw_is_shown():
    errmsg = "invalid ip 218.58.124.130 ipv6 ::ffff:218.58.124.130, not in whitelist"
    error = token_error(refusal(40164, errmsg))
    assert error.seen_ip == "218.58.124.130"
    assert "218.58.124.130" in error.as_problem()["detail"]


def test_an_ipv6_address_that_wechat_saw_is_shown():
    error = token_error(refusal(40164, "invalid ip 2408:8207::1, not in whitelist"))
    assert error.seen_ip == "2408:8207::1"


@pytest.mark.parametrize(
    ("errmsg", "rid"),
    [
        (f"invalid page rid: {RID}", RID),
        (f"access clientip is not registered requestIP: 120.46.*.* rid: {RID}", RID),
        ("invalid page hint: [KJZfAa0644e575]", "KJZfAa0644e575"),
        ("invalid page hints: [ xILbB24ce-rKhYGa! ]", "xILbB24ce-rKhYGa!"),
        ("invalid page", None),
        ("invalid page rid: 60ED0729-xyz", None),
    ],
)
def test_the_trace_of_a_call_is_found(errmsg, rid):
    assert code_error(json_answer({"errcode": 41030, "errmsg": errmsg})).rid == rid


def test_a_rid_behind_a_very_long_text_is_still_found():
    error = code_error(json_answer({"errcode": 41030, "errmsg": "word " * 500 + f"rid: {RID}"}))
    assert error.rid == RID and len(error.errmsg) == ERRMSG_MAX_LENGTH


@pytest.mark.parametrize("errmsg", [None, 7, ["x"], {"a": 1}])
def test_an_errmsg_that_is_no_text_is_left_out(errmsg):
    error = code_error(json_answer({"errcode": 41030, "errmsg": errmsg}))
    assert (error.errmsg, error.rid) == ("", None)


def test_broken_utf8_in_the_text_does_not_hide_the_errcode():
    assert code_error(WireAnswer(200, b'{"errcode":41030,"errmsg":"\xe5\xbe rid: x"}')).errcode == 41030


def test_line_breaks_in_the_text_cannot_forge_log_lines():
    error = code_error(json_answer({"errcode": 41030, "errmsg": "a\r\n2026 ERROR forged\x1b[31m"}))
    assert error.errmsg == "a 2026 ERROR forged [31m"


def test_credentials_that_wechat_quotes_are_removed_trap_25():
    errmsg = f"invalid appsecret {SECRET} in https://api.weixin.qq.com/cgi-bin/token?secret=short&x=1"
    error = token_error(refusal(40125, errmsg))
    assert SECRET not in error.errmsg and "short" not in error.errmsg
    assert "[removed]" in error.errmsg and error.rid == RID


def test_a_short_token_that_wechat_quotes_is_removed_because_it_is_the_one_we_sent():
    call = protocol.api_domain_ips_request(access_token="tok")
    with pytest.raises(TokenRejected) as caught:
        protocol.read_ip_list(call, refusal(40001, "bad credential tok"))
    assert caught.value.errmsg.startswith("bad credential [removed]")


# --- answers that are neither ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"<html>busy</html>", b"[]", b'"text"', b"null", b"{", b'{"errcode":40001', b"GIF89a", b"\xff\xd8"],
)
def test_neither_picture_nor_json_is_malformed(body):
    error = code_error(WireAnswer(200, body))
    assert type(error) is MalformedResponse and error.is_retryable
    assert type(token_error(WireAnswer(200, body))) is MalformedResponse


def test_deeply_nested_json_is_malformed_and_not_a_crash():
    assert type(code_error(WireAnswer(200, b'{"a":' * 200_000))) is MalformedResponse


def test_json_with_a_monstrous_number_is_malformed_and_not_a_crash():
    assert type(code_error(WireAnswer(200, b'{"errcode":' + b"9" * 10_000 + b"}"))) is MalformedResponse


@pytest.mark.parametrize("errcode", [True, False, 1.5, None, [], "x"])
def test_an_errcode_that_is_no_number_is_malformed(errcode):
    answer = json_answer({"errcode": errcode, "access_token": TOKEN, "expires_in": 7200})
    assert type(token_error(answer)) is MalformedResponse


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"access_token": "", "expires_in": 7200},
        {"access_token": "  ", "expires_in": 7200},
        {"access_token": 7, "expires_in": 7200},
        {"access_token": None, "expires_in": 7200},
        {"access_token": TOKEN},
        {"access_token": TOKEN, "expires_in": 0},
        {"access_token": TOKEN, "expires_in": -5},
        {"access_token": TOKEN, "expires_in": True},
        {"access_token": TOKEN, "expires_in": 7200.0},
        {"access_token": TOKEN, "expires_in": "soon"},
        {"access_token": TOKEN, "expires_in": None},
    ],
)
def test_a_token_answer_that_cannot_be_used_is_malformed(fields):
    error = token_error(json_answer(fields))
    assert type(error) is MalformedResponse
    assert TOKEN not in str(error.as_problem())


def test_success_in_json_is_no_picture():
    assert type(code_error(json_answer({"errcode": 0, "errmsg": "ok"}))) is MalformedResponse


def test_a_picture_is_no_token():
    assert type(token_error(WireAnswer(200, JPEG))) is MalformedResponse


@pytest.mark.parametrize("fields", [{}, {"ip_list": "1.2.3.4"}, {"ip_list": [1]}])
def test_a_list_of_addresses_that_is_none_is_malformed(fields):
    with pytest.raises(MalformedResponse):
        protocol.read_ip_list(IPS_CALL, json_answer(fields))


def test_a_confirmation_that_says_nothing_is_malformed():
    with pytest.raises(MalformedResponse):
        protocol.read_confirmation(QUOTA_CALL, json_answer({"errmsg": "ok"}))


# --- HTTP statuses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"<html>", JPEG, b'{"errcode":41030,"errmsg":"invalid page"}'])
def test_a_gateway_error_is_unreachable_whatever_its_body(status, body):
    error = code_error(WireAnswer(status, body))
    assert type(error) is WeChatUnreachable and error.is_retryable
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
def test_a_redirect_is_refused_and_says_so(status):
    error = code_error(WireAnswer(status, b""))
    assert type(error) is MalformedResponse
    assert "redirect" in str(error) and str(status) in str(error)


@pytest.mark.parametrize("status", [400, 401, 404, 412, 429])
def test_wechats_json_counts_under_other_statuses_too(status):
    assert type(code_error(refusal(42001, status=status))) is TokenRejected


@pytest.mark.parametrize("status", [201, 204, 206, 400, 404])
def test_success_counts_under_200_only(status):
    assert type(code_error(WireAnswer(status, JPEG))) is MalformedResponse
    answer = json_answer({"access_token": TOKEN, "expires_in": 7200}, status=status)
    assert type(token_error(answer)) is MalformedResponse


def test_the_repr_of_a_token_and_of_a_picture_shows_neither_trap_25():
    image = protocol.read_code_image(CODE_CALL, WireAnswer(200, JPEG))
    assert TOKEN not in repr(AccessToken(TOKEN, 7200))
    assert "JFIF" not in repr(image) and len(repr(image)) < 200
