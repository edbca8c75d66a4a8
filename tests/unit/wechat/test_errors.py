"""Errors carry what a caller needs to act."""

import pickle

import pytest
from django.utils import translation

from apps.errors import WxcodeError
from apps.wechat import errors, protocol, refusals
from tests.unit.wechat.samples import APPID, RID, SECRET

FACTS = {
    errors.TokenRejected: ("token_rejected", 502, False),
    errors.WeChatBusy: ("wechat_busy", 503, True),
    errors.QuotaExhausted: ("wechat_quota_exhausted", 503, False),
    errors.CredentialProblem: ("wechat_refused_credentials", 502, False),
    errors.InputRejected: ("wechat_rejected_input", 422, False),
    errors.PermanentlyRefused: ("wechat_limit_reached", 409, False),
    errors.MalformedResponse: ("wechat_malformed_response", 502, True),
    errors.WeChatUnreachable: ("wechat_unreachable", 502, True),
    errors.WeChatLeftAlone: ("wechat_circuit_open", 503, True),
    errors.WeChatTimeout: ("wechat_timeout", 504, True),
}


@pytest.mark.parametrize(("kind", "facts"), FACTS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_the_facts_of_a_class_are_promises(kind, facts):
    assert (kind.code, kind.http_status, kind.is_retryable) == facts
    assert issubclass(kind, errors.WeChatError) and issubclass(kind, WxcodeError)


def test_a_timeout_is_a_way_of_being_unreachable():
    assert issubclass(errors.WeChatTimeout, errors.WeChatUnreachable)


def test_every_error_of_wechat_is_in_this_list():
    found = set(errors.WeChatError.__subclasses__()) | set(errors.WeChatUnreachable.__subclasses__())
    assert {kind for kind in found if not kind.__module__.endswith("failures")} == set(FACTS)


def test_a_problem_shows_errcode_rid_and_cure_in_the_language_of_its_reader():
    request = protocol.token_request(appid=APPID, secret=SECRET)
    error = refusals.error_for(request, errcode=40125, errmsg=f"invalid appsecret rid: {RID}")
    with translation.override("zh-hans"):
        problem = error.as_problem()
    assert (problem["errcode"], problem["rid"], problem["status"]) == (40125, RID, 502)
    assert "AppSecret 错误" in problem["detail"] and "重置" in problem["advice"]
    assert "The AppSecret is wrong." in error.as_problem()["detail"]


def test_an_error_survives_a_trip_between_processes():
    request = protocol.token_request(appid=APPID, secret=SECRET)
    error = refusals.error_for(request, errcode=40164, errmsg=f"invalid ip 1.2.3.4, not in whitelist rid: {RID}")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.errcode, copy.rid, copy.seen_ip) == (type(error), 40164, RID, "1.2.3.4")
    assert str(copy) == str(error) and "1.2.3.4" in str(copy)
