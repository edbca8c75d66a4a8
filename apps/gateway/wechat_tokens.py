"""`/wechat/cgi-bin/token` and `/wechat/cgi-bin/stable_token`: the shared token for a key, in WeChat's shape."""

import re
import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from apps.clients.credentials import authenticate_key
from apps.clients.grants import get_granted_miniprogram
from apps.clients.rate_limits import count_request
from apps.clients.validation import Scope
from apps.gateway.bodies import parse_object, typed
from apps.gateway.refusals import Refusal, door, peer, wechat_json
from apps.tokens.doubt import token_for_keeping
from apps.tokens.readings import note_reading
from apps.wechat.types import APPID_PATTERN

GRANT_TYPE = "client_credential"


@door("GET")
def token(request: HttpRequest) -> HttpResponse:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getAccessToken.html

    Every call to WeChat's own mints a token; this one answers the shared token.
    """
    return _answer(request, request.GET.dict(), is_forced=False)


@door("POST")
def stable_token(request: HttpRequest) -> HttpResponse:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html"""
    fields = parse_object(request.body)
    return _answer(request, fields, is_forced=typed(fields, "force_refresh", bool, False))


@sensitive_variables()
def _answer(request: HttpRequest, fields: dict[str, Any], *, is_forced: bool) -> HttpResponse:
    grant_type, appid, secret = (typed(fields, name, str, "") for name in ("grant_type", "appid", "secret"))
    if grant_type != GRANT_TYPE:
        raise Refusal(40002)
    if not appid:
        raise Refusal(41002)
    if not re.fullmatch(APPID_PATTERN, appid):
        raise Refusal(40013)
    if not secret:
        raise Refusal(41004)
    # before anything is said about the appid: strangers learn nothing about which ones are kept here
    caller = authenticate_key(
        authorization=f"Bearer {secret}",
        x_api_key=None,
        address=peer(request),
        origin=request.headers.get("Origin"),
    )
    count_request(request, caller)
    caller.require_scope(Scope.TOKENS_READ)
    found = token_for_keeping(
        get_granted_miniprogram(caller, appid),
        # a key always belongs to a client
        client_id=caller.client_id or 0,
        requested_by=f"{caller.label} (WeChat's path)",
        is_forced=is_forced,
    )
    note_reading(appid, reader=caller.label, address=peer(request))
    return wechat_json({"access_token": found.value, "expires_in": found.expires_in(time.time())})
