"""WeChat's own endpoints: each takes the world and a request, and gives a reply or raises Refusal."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from apps.sandbox import limits
from apps.sandbox.inquiries import quota_reply, rid_reply
from apps.sandbox.pictures import code_picture
from apps.sandbox.refusals import Refusal, ip_not_allowed
from apps.sandbox.registry import App
from apps.sandbox.tokens import OVERLAP_SECONDS
from apps.sandbox.validation import (
    CodeRequest,
    parse_code_request,
    parse_limited_request,
    parse_object,
    parse_square_request,
)
from apps.sandbox.wire import Reply, Request, json_reply
from apps.sandbox.world import World

GRANT_TYPE = "client_credential"
API_DOMAIN_IPS = ["101.89.47.18", "101.226.103.61", "140.207.54.73", "180.163.26.39"]


@dataclass(frozen=True)
class Endpoint:
    """`has_token`: the caller shows an access_token; otherwise an appid with its secret."""

    method: str
    answer: Callable[[World, Request], Reply]
    has_token: bool = False


def token(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getAccessToken.html"""
    app = _identify(world, request.query, "secret", "invalid appsecret, view more at http://t.cn/RAEkdVq")
    _admit(app, request)
    if not app.fetches.take(world.clock.day()):
        raise Refusal(45009)
    now = world.clock.now()
    minted = world.mint(app, "classic", "fetch")
    return _token_reply(minted.value, app.pools["classic"].remaining(now))


def stable_token(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html"""
    fields = parse_object(request.body)
    force = fields.get("force_refresh", False)
    if type(force) is not bool:
        raise Refusal(47001)
    app = _identify(world, fields, "secret")
    _admit(app, request)
    now = world.clock.now()
    if not app.stable_minute.take(now):
        raise Refusal(45011)
    if not app.stable_calls.take(world.clock.day()):
        raise Refusal(45009)
    reason = _stable_mint_reason(world, app, force=force)
    if reason:
        world.mint(app, "stable", reason)
    else:
        world.touch()
    pool = app.pools["stable"]
    return _token_reply(pool.current.value if pool.current else "", pool.remaining(now))


def getwxacodeunlimit(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html"""
    app = _authorise(world, request)
    code = parse_code_request(request.body)
    # with check_path even a trial or develop code is looked up in the released version
    if code.check_path and not app.has_page(code.page, "release"):
        raise Refusal(41030)
    if not code.check_path:
        if not app.take_unchecked_page(code.page):
            raise Refusal(41030)
        world.touch()
    if not app.code_minute.take(world.clock.now()):
        raise Refusal(world.options.minute_limit_errcode)
    page_exists = app.has_page(code.page, code.env_version)
    content, media_type = code_picture(appid=app.appid, code=code, page_exists=page_exists)
    return Reply(content, media_type, is_success=True)


def getwxacode(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html"""
    app = _authorise(world, request)
    reply = _limited(world, app, parse_limited_request(request.body))
    return replace(reply, headers=(("Num-Used", str(app.limited_codes_used)),))


def createwxaqrcode(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/createQRCode.html"""
    return _limited(world, _authorise(world, request), parse_square_request(request.body))


def _limited(world: World, app: App, code: CodeRequest) -> Reply:
    """One of the 100,000 that both share; the same path again costs another one."""
    if not app.take_limited_code():
        raise Refusal(45029)
    world.touch()
    page = code.page.partition("?")[0]
    content, media_type = code_picture(appid=app.appid, code=code, page_exists=app.has_page(page, code.env_version))
    return Reply(content, media_type, is_success=True)


def clear_quota(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/clearQuotaByAppSecret.html"""
    fields: dict[str, Any] = dict(request.query)
    if request.body:
        fields |= parse_object(request.body)
    app = _identify(world, fields | {"grant_type": GRANT_TYPE}, "appsecret")
    if not app.quota_clears.take(world.clock.month()):
        raise Refusal(48006)
    app.clear_quotas()
    world.touch()
    return json_reply({"errcode": 0, "errmsg": "ok"})


def get_api_domain_ip(world: World, request: Request) -> Reply:
    """https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Get_the_WeChat_server_IP_address.html"""
    _authorise(world, request)
    return json_reply({"ip_list": API_DOMAIN_IPS})


def rid_get(world: World, request: Request) -> Reply:
    """What became of a refused request of the same account, in the last seven days."""
    return rid_reply(world.journal, _authorise(world, request), request, now=world.clock.now())


def quota_get(world: World, request: Request) -> Reply:
    """What is left of the quota of one endpoint."""
    app = _authorise(world, request)
    return quota_reply(app, request, day=world.clock.day(), known_paths=frozenset(ENDPOINTS))


ENDPOINTS = {
    "/cgi-bin/token": Endpoint("GET", token),
    "/cgi-bin/stable_token": Endpoint("POST", stable_token),
    "/wxa/getwxacodeunlimit": Endpoint("POST", getwxacodeunlimit, has_token=True),
    "/wxa/getwxacode": Endpoint("POST", getwxacode, has_token=True),
    "/cgi-bin/wxaapp/createwxaqrcode": Endpoint("POST", createwxaqrcode, has_token=True),
    "/cgi-bin/clear_quota/v2": Endpoint("POST", clear_quota),
    "/cgi-bin/openapi/rid/get": Endpoint("POST", rid_get, has_token=True),
    "/cgi-bin/openapi/quota/get": Endpoint("POST", quota_get, has_token=True),
    "/cgi-bin/get_api_domain_ip": Endpoint("GET", get_api_domain_ip, has_token=True),
}


def _identify(world: World, fields: dict[str, Any], secret_name: str, wrong_secret: str = "") -> App:
    """The app whose appid and secret these are. Raises Refusal 47001, 40002, 41002, 40013, 41004 or 40125."""
    grant_type, appid, secret = (fields.get(name, "") for name in ("grant_type", "appid", secret_name))
    if not all(isinstance(value, str) for value in (grant_type, appid, secret)):
        raise Refusal(47001)
    if grant_type != GRANT_TYPE:
        raise Refusal(40002)
    if not appid:
        raise Refusal(41002)
    app = world.find_app(appid, secret)
    if app is None:
        raise Refusal(40013)
    if not secret:
        raise Refusal(41004)
    if not app.knows(secret):
        raise Refusal(40125, wrong_secret)
    return app


def _admit(app: App, request: Request) -> None:
    """Raises Refusal if this app may not fetch tokens at all, or not from this address."""
    if app.frozen:
        raise Refusal(40243)
    if app.token_errcode:
        raise Refusal(app.token_errcode)
    if not app.allows(request.ip):
        raise ip_not_allowed(request.ip)


def _authorise(world: World, request: Request) -> App:
    app = world.authorise(request.query.get("access_token", ""))
    if app.api_errcode:
        raise Refusal(app.api_errcode)
    return app


def _stable_mint_reason(world: World, app: App, *, force: bool) -> str:
    """Why a new stable token is due; empty if the current one is the answer."""
    now = world.clock.now()
    if force:
        last = app.last_forced_at
        if last is not None and 0 <= now - last < limits.FORCED_REFRESH_GAP_SECONDS:
            return ""
        if not app.forced_refreshes.take(world.clock.day()):
            raise Refusal(45009)
        app.last_forced_at = now
        return "forced"
    remaining = app.pools["stable"].remaining(now)
    if remaining > OVERLAP_SECONDS:
        return ""
    return "renewal" if remaining else "fetch"


def _token_reply(value: str, expires_in: int) -> Reply:
    return json_reply({"access_token": value, "expires_in": expires_in})
