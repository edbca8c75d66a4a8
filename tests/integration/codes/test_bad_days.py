"""Every fault of the sandbox against every kind of code: the right error, nothing stored, nothing spent twice."""

import pytest

from apps.codes.models import FailedAttempt, IssuedCode
from apps.sandbox.faults import NAMES
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
TOKEN = "/cgi-bin/stable_token"
KINDS = {
    "unlimited": ("/wxa/getwxacodeunlimit", {"scene": "table=7"}),
    "limited": ("/wxa/getwxacode", {"path": "pages/index/index?a=1"}),
    "qrcode": ("/cgi-bin/wxaapp/createwxaqrcode", {"path": "pages/index/index?a=1"}),
}
# fault -> status, code, errcode
ON_CODE_CALLS = {
    "busy": (503, "wechat_busy", -1),
    "expired_token": (502, "token_rejected", 42001),
    "invalid_token": (502, "token_rejected", 40001),
    "quota": (503, "wechat_quota_exhausted", 45009),
    "minute_quota": (503, "wechat_busy", 45011),
    "unpublished_page": (422, "wechat_rejected_input", 41030),
    "errcode": (409, "wechat_limit_reached", 45029),
    "hang": (504, "wechat_timeout", None),
    "reset": (502, "wechat_unreachable", None),
    "http_500": (502, "wechat_unreachable", None),
    "http_502": (502, "wechat_unreachable", None),
    "html_page": (502, "wechat_malformed_response", None),
    "garbage": (502, "wechat_malformed_response", None),
    "empty_body": (502, "wechat_malformed_response", None),
    "slow": (504, "wechat_timeout", None),
    "drip": (504, "wechat_timeout", None),
    "truncated_picture": (502, "wechat_malformed_response", None),
    "cut_connection": (502, "wechat_malformed_response", None),
    "json_as_picture": (422, "wechat_rejected_input", 41030),
}
ON_TOKEN_CALLS = {
    "wrong_secret": (502, "wechat_refused_credentials", 40125),
    "ip_not_allowed": (502, "wechat_refused_credentials", 40164),
}
# the token is taken away once and replaced, the picture is known by its bytes: the code comes
ENDURED = {"stolen_token", "mislabelled"}
# a short patience for these, so that they are over soon; a long one for what is answered, however slow the machine
SILENT = {"hang", "slow", "drip"}
DETAILS = {
    "errcode": {"errcode": 45029},
    "json_as_picture": {"errcode": 41030},
}


def ask(api, miniprogram, kind):
    _endpoint, fields = KINDS[kind]
    return api.post("/api/v1/codes/", {"appid": miniprogram.appid, "kind": kind, **fields}, format="json")


def test_no_fault_of_the_sandbox_is_left_out():
    assert set(NAMES) == {*ON_CODE_CALLS, *ON_TOKEN_CALLS, *ENDURED}


@pytest.mark.parametrize("fault", [*ON_CODE_CALLS, *ON_TOKEN_CALLS])
def test_a_bad_day_is_typed_and_nothing_is_stored(sandbox, settings, tmp_path, fault):
    settings.MEDIA_ROOT = tmp_path
    if fault in SILENT:
        settings.WECHAT_CODE_TIMEOUT = 0.1
    status, code, errcode = {**ON_CODE_CALLS, **ON_TOKEN_CALLS}[fault]
    api = make_api()
    for kind, (endpoint, _fields) in KINDS.items():
        sandbox.clear_faults()
        sandbox.fault(fault, endpoint=TOKEN if fault in ON_TOKEN_CALLS else endpoint, **DETAILS.get(fault, {}))
        # what an endpoint or a credential has done is remembered for the mini-program
        answer = ask(api, make_miniprogram(sandbox), kind)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem.get("errcode")) == (status, code, errcode), problem
        assert problem["advice"]
        attempt = FailedAttempt.objects.get(kind=kind)
        assert (attempt.code, attempt.errcode) == (code, errcode)
        assert attempt.rid == problem.get("rid", "")
        assert bool(attempt.rid) == (errcode is not None)
    assert not IssuedCode.objects.exists()
    assert not list(tmp_path.rglob("*.jpg")) + list(tmp_path.rglob("*.png"))


def test_a_stolen_token_is_replaced_and_the_code_comes_at_the_cost_of_one(sandbox):
    api = make_api()
    for kind, (endpoint, _fields) in KINDS.items():
        sandbox.fault("stolen_token", endpoint=endpoint, times=1)
        answer = ask(api, make_miniprogram(sandbox, token_mode="classic"), kind)
        assert answer.status_code == 201, answer.json()
        assert sandbox.count(endpoint, successful=True) == IssuedCode.objects.filter(kind=kind).count() == 1
    assert not FailedAttempt.objects.exists()


def test_after_the_bad_day_the_same_request_succeeds(sandbox):
    api = make_api()
    for kind, (endpoint, _fields) in KINDS.items():
        miniprogram = make_miniprogram(sandbox)
        sandbox.fault("busy", endpoint=endpoint, times=1)
        assert [ask(api, miniprogram, kind).status_code for _ in range(2)] == [503, 201]
