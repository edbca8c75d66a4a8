"""Errcodes that only a mistake in a program causes: form of the request, forgotten fields, the query interfaces."""

from apps.wechat.errcodes.entry import ErrorCode, Handling

_REPORT_EN = "This is a mistake of the program that made the request. Report it with the rid."
_REPORT_ZH = "这是调用程序的错误，请连同 rid 一起反馈。"


def _mistake(errcode: int, meaning_en: str, meaning_zh: str, cure_en: str = "", cure_zh: str = "") -> ErrorCode:
    return ErrorCode(errcode, Handling.INPUT, meaning_en, meaning_zh, cure_en or _REPORT_EN, cure_zh or _REPORT_ZH)


ERRCODES = (
    _mistake(
        40002,
        "The grant_type is invalid, or the account can’t generate links.",
        "grant_type 不合法，或该账号无权生成链接。",
        "On a token call, send grant_type=client_credential. For links: personal accounts (个人主体) can’t "
        "generate them.",
        "获取 token 时请传 grant_type=client_credential。若是生成链接：个人主体的小程序没有该能力。",
    ),
    _mistake(
        40033,
        r"The request contains \uXXXX escapes.",
        r"请求中包含 \uXXXX 转义字符。",
        "Send JSON as raw UTF-8, as ensure_ascii=False or JSON_UNESCAPED_UNICODE does.",
        "请以原始 UTF-8 发送 JSON（如 ensure_ascii=False、JSON_UNESCAPED_UNICODE）。",
    ),
    _mistake(
        40201,
        "The callback check has no address to check.",
        "回调检测：未设置回调 URL。",
        "Set the message push address first: 开发管理 → 消息推送 in the console.",
        "请先在小程序后台“开发管理 → 消息推送”设置回调地址。",
    ),
    _mistake(
        40202,
        "The callback check does not know this action.",
        "回调检测：action 参数不合法。",
        "Use dns, ping or all.",
        "请使用 dns、ping 或 all。",
    ),
    _mistake(
        40203,
        "The callback check does not know this operator.",
        "回调检测：check_operator 参数不合法。",
        "Use CHINANET, UNICOM, CAP or DEFAULT.",
        "请使用 CHINANET、UNICOM、CAP 或 DEFAULT。",
    ),
    _mistake(41001, "The access_token is missing.", "缺少 access_token 参数。"),
    _mistake(43002, "This API requires POST.", "该接口需要使用 POST 方法。"),
    _mistake(
        43003,
        "This API requires HTTPS.",
        "该接口需要使用 HTTPS。",
        "Set WECHAT_API_BASE to an address that starts with https://.",
        "请把 WECHAT_API_BASE 设为以 https:// 开头的地址。",
    ),
    _mistake(44002, "The body of the request is empty.", "POST 的数据为空。"),
    _mistake(
        47001,
        "The body is not JSON, or a value has the wrong type.",
        "数据格式错误：请求体不是 JSON，或字段类型不对。",
        "Send true and false for check_path, auto_color and is_hyaline, a whole number for width, and no "
        "form encoding.",
        "check_path、auto_color、is_hyaline 请传 true/false，width 请传整数，不要使用表单编码。",
    ),
    _mistake(
        47002,
        r"The request contains \uXXXX escapes.",
        r"请求使用了 \uXXXX 形式的 JSON 转义。",
        "Send JSON as raw UTF-8, as ensure_ascii=False or JSON_UNESCAPED_UNICODE does.",
        "请以原始 UTF-8 发送 JSON（如 ensure_ascii=False、JSON_UNESCAPED_UNICODE）。",
    ),
    _mistake(
        76001,
        "WeChat does not find this rid.",
        "rid 不存在。",
        "Copy the whole rid, three groups of eight; WeChat keeps it for seven days.",
        "请复制完整的 rid（三组八位字符）；微信只保留七天。",
    ),
    _mistake(
        76002,
        "The rid is malformed.",
        "rid 格式错误。",
        "Copy the whole rid, three groups of eight hex digits.",
        "请复制完整的 rid（三组八位十六进制字符）。",
    ),
    _mistake(
        76003,
        "The rid belongs to another account.",
        "无权查询该 rid，它属于其他账号。",
        "Use the token of the mini-program that made the call.",
        "请使用发起该调用的小程序的 token 查询。",
    ),
    _mistake(
        76004,
        "The rid is too old.",
        "rid 已超过可查询的时间。",
        "WeChat explains a rid for seven days.",
        "微信只支持查询七天内的 rid。",
    ),
    _mistake(
        76021,
        "WeChat does not know this cgi_path.",
        "cgi_path 不存在。",
        "Start it with a slash and omit the host, as in /wxa/getwxacodeunlimit.",
        "请以斜杠开头且不带域名，如 /wxa/getwxacodeunlimit。",
    ),
    _mistake(
        76022,
        "The account has no access to this cgi_path.",
        "该账号无权使用此 cgi_path。",
        "Use only APIs that the mini-program can call.",
        "只能查询该小程序有权限的接口。",
    ),
)
