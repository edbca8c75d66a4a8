"""What WeChat says when it refuses: the errcode and the words that it puts on the wire."""

import json
import secrets

INVALID_CREDENTIAL = "invalid credential, access_token is invalid or not latest"
ERRMSGS = {
    -1: "system error",
    40001: INVALID_CREDENTIAL,
    40002: "invalid grant_type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40159: "invalid length for path, or the data is not json string",
    40169: "invalid length for scene, or the data is not json string",
    40189: "invalid width",
    40243: "AppSecret已被冻结，请登录MP解冻后再次调用",
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
    45063: "accesstoken is not xiaochengxu",
    47001: "data format error",
    48001: "api unauthorized",
    48004: "api forbidden for irregularities",
    48006: "forbid to clear quota because of reaching the limit",
    50002: "user limited",
    50004: "user not allow to use accesstoken, maybe for punishment",
    50007: "账号已冻结",
    61024: "must use api(api_component_token) to get token for component acct",
    76001: "rid not found",
    76002: "rid is error",
    76003: "could not query this rid,no permission",
    76004: "rid time is error",
    76021: "cgi_path not found, please check",
    85096: "not allow include scancode_time field",
    89503: "please wait for administrator confirmation",
    89506: "administrator rejected this ip within 24 hours",
    89507: "administrator rejected this ip within 1 hour",
}


class Refusal(Exception):
    """WeChat does not do it; `errmsg` is the text before the rid."""

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.errmsg = errmsg or ERRMSGS.get(errcode, "system error")


def ip_not_allowed(ip: str) -> Refusal:
    """The refusal that tells the caller which address WeChat saw."""
    mapped = ip if ":" in ip else f"::ffff:{ip}"
    return Refusal(40164, f"invalid ip {ip} ipv6 {mapped}, not in whitelist")


def rid(now: float) -> str:
    """WeChat's request id: three groups of 8 hex digits, the first is the time."""
    return f"{int(now) & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def refusal_body(refusal: Refusal, now: float) -> bytes:
    errmsg = f"{refusal.errmsg} rid: {rid(now)}"
    return json.dumps(
        {"errcode": refusal.errcode, "errmsg": errmsg}, ensure_ascii=False, separators=(",", ":")
    ).encode()
