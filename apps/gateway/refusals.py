"""WeChat's way to say no: HTTP 200, an errcode, words, and a request id."""

import json
import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from apps.clients.addresses import client_address
from apps.errors import WxcodeError

# A real answer; clients that compare it exactly fail here as they fail there.
JSON_TYPE = "application/json; encoding=utf-8"
# WeChat's words on the wire, before the request id.
ERRMSGS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret, view more at http://t.cn/RAEkdVq",
    40129: "invalid scene",
    40159: "invalid length for path, or the data is not json string",
    40164: "not in whitelist",
    40169: "invalid length for scene, or the data is not json string",
    40189: "invalid width",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45029: "qrcode count out of limit",
    47001: "data format error",
    48001: "api unauthorized",
    50002: "user limited",
    85096: "not allow include scancode_time field",
}
# Our own refusals, by their code, as the nearest thing that WeChat says; everything else is "system error".
NEAREST = {
    "not_authenticated": 41004,
    "invalid_key": 40125,
    "miniprogram_not_granted": 40125,
    "missing_scope": 48001,
    "origin_not_allowed": 48001,
    "miniprogram_unknown": 40013,
    "miniprogram_inactive": 50002,
    "too_many_requests": 45011,
    "rate_limit_exceeded": 45011,
}
# What an SDK answers by fetching a new token; where it was not the SDK's token that failed, it must not hear these.
TOKEN_ERRCODES = frozenset({40001, 40014, 42001})
SYSTEM_ERROR = -1

View = Callable[[HttpRequest], HttpResponse]


class Refusal(Exception):
    """WeChat would not do it; `detail` is ours, for people, and stands between WeChat's words and the request id."""

    def __init__(self, errcode: int, detail: Any = "", *, errmsg: str = "", rid: str | None = None) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.errmsg = errmsg or ERRMSGS.get(errcode, "") or ERRMSGS[SYSTEM_ERROR]
        self.detail = detail
        self.rid = rid

    @property
    def words(self) -> str:
        """The whole errmsg; with WeChat's own request id where the refusal is WeChat's."""
        said = f"{self.errmsg} (wxcode: {self.detail})" if self.detail else self.errmsg
        return f"{said} rid: {self.rid or new_rid(time.time())}"


def new_rid(now: float) -> str:
    """A request id as WeChat's: three groups of 8 hex digits, the first is the time."""
    return f"{int(now) & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def not_whitelisted(address: str) -> Refusal:
    """The refusal that tells callers which address they are seen from."""
    mapped = address if ":" in address else f"::ffff:{address}"
    return Refusal(40164, errmsg=f"invalid ip {address} ipv6 {mapped}, not in whitelist")


def refusal_for(error: WxcodeError, *, address: str) -> Refusal:
    """What WeChat would have said: its own errcode where `error` comes from WeChat, else the nearest to ours."""
    if error.code == "network_not_allowed":
        return not_whitelisted(address)
    if error.errcode is not None and error.errcode not in TOKEN_ERRCODES:
        return Refusal(error.errcode, error, errmsg=ERRMSGS.get(error.errcode, "refused"), rid=error.rid)
    return Refusal(NEAREST.get(error.code, SYSTEM_ERROR), error)


def wechat_json(value: dict[str, Any]) -> HttpResponse:
    """`value` as WeChat sends JSON; nobody on the way may keep it."""
    # "replace": half a character from the caller's JSON may come back in the words and has no UTF-8
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HttpResponse(body, content_type=JSON_TYPE, headers={"Cache-Control": "no-store"})


def peer(request: HttpRequest) -> str:
    """The caller's network address."""
    return client_address(request.META)


def door(method: str) -> Callable[[View], View]:
    """Decorator: a view that answers `method` only and whose every refusal has WeChat's shape and HTTP 200."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            try:
                if request.method != method:
                    raise Refusal(43001 if method == "GET" else 43002)
                return view(request)
            except Refusal as refused:
                return refusal_response(refused)
            except RequestDataTooBig:
                return refusal_response(Refusal(47001, "the body is too large"))
            except WxcodeError as error:
                return refusal_response(refusal_for(error, address=peer(request)))

        return guarded

    return decorate


def refusal_response(refusal: Refusal) -> HttpResponse:
    return wechat_json({"errcode": refusal.errcode, "errmsg": refusal.words})
