"""Errcodes of access tokens, of load, and of quotas."""

from apps.wechat.errcodes.entry import ErrorCode, Handling

_RENEWAL_EN = (
    "The service drops this token and fetches the current one by itself. If it keeps happening, another "
    "system "
    "fetches tokens for the same AppID: let it use this service, or set the token mode to stable."
)
_RENEWAL_ZH = (
    "服务会自动丢弃该 token 并获取最新的 token。若反复出现，说明有其他系统在用同一 AppID 获取 token："
    "请让它改用本服务，或把 token 模式设为 stable（稳定版）。"
)
_CLEAR_EN = (
    "Wait for the next day, or reset the API quotas (ten times a month): mini-program console, "
    "开发管理 → 接口设置, or “Reset API quotas” in the admin."
)
_CLEAR_ZH = (
    "等到次日恢复，或重置 API 调用次数（每月 10 次）：小程序后台“开发管理 → "
    "接口设置”，或使用管理后台的“重置 API 调用次数”。"
)

ERRCODES = (
    ErrorCode(
        -1,
        Handling.BUSY,
        "WeChat is busy.",
        "微信系统繁忙。",
        "Try again in a few seconds.",
        "请几秒后重试。",
        retry_after=3,
    ),
    ErrorCode(
        40001,
        Handling.TOKEN,
        "The access_token is invalid or not the newest, or the AppSecret is wrong.",
        "access_token 无效或不是最新的，或者 AppSecret 错误。",
        _RENEWAL_EN + " On a token call it means that the AppSecret does not belong to the AppID: compare both in "
        "the mini-program console, 开发管理 → 开发设置.",
        _RENEWAL_ZH
        + "若发生在获取 token 时，说明 AppSecret 与 AppID 不匹配，请在小程序后台“开发管理 → 开发设置”核对。",
    ),
    ErrorCode(
        40014,
        Handling.TOKEN,
        "The access_token is not a valid one.",
        "access_token 不合法。",
        _RENEWAL_EN,
        _RENEWAL_ZH,
    ),
    ErrorCode(
        42001,
        Handling.TOKEN,
        "The access_token has expired.",
        "access_token 已过期。",
        _RENEWAL_EN,
        _RENEWAL_ZH,
    ),
    ErrorCode(
        42006,
        Handling.TOKEN,
        "The component_access_token has expired.",
        "component_access_token 已过期。",
        "Fetch a new component_access_token with the newest component_verify_ticket.",
        "请用最新的 component_verify_ticket 重新获取 component_access_token。",
    ),
    ErrorCode(
        44990,
        Handling.BUSY,
        "Too many calls within one second.",
        "每秒调用次数超过限制。",
        "Slow down: links allow 100 calls a second, rule management 5.",
        "请放慢调用：链接类接口每秒最多 100 次，二维码规则类接口每秒最多 5 次。",
        retry_after=1,
    ),
    ErrorCode(
        44993,
        Handling.QUOTA,
        "The daily 500,000 generated links are used up.",
        "当天生成链接的次数（50 万）已用完。",
        "Wait for the next day, and reuse links that exist already.",
        "请等到次日，并尽量复用已生成的链接。",
        retry_after=3600,
    ),
    ErrorCode(
        45009,
        Handling.QUOTA,
        "The call quota of this API is used up.",
        "该接口的调用次数已达上限。",
        "If a burst caused it, wait a minute. Otherwise: " + _CLEAR_EN + " Look for a script that calls in a loop.",
        "若是短时间突发调用，请等一分钟。否则：" + _CLEAR_ZH + "同时检查是否有脚本在循环调用。",
        retry_after=3600,
    ),
    ErrorCode(
        45011,
        Handling.BUSY,
        "The call quota of this minute is used up.",
        "本分钟的调用次数已达上限。",
        "Try again in the next minute. Codes are limited to 5,000 a minute for each mini-program.",
        "请下一分钟再试。小程序码每个小程序每分钟最多 5000 次。",
        retry_after=60,
    ),
    ErrorCode(
        45029,
        Handling.PERMANENT,
        "This mini-program has used up its 100,000 limited codes. They can’t be restored.",
        "该小程序的永久额度（10 万个小程序码和小程序二维码）已用完，无法恢复。",
        "Create unlimited codes (kind unlimited, getwxacodeunlimit) instead. Resetting quotas doesn’t "
        "bring limited codes back.",
        "请改用不限制的小程序码（kind 为 unlimited，getwxacodeunlimit）。重置 API 调用次数不会恢复永久额度。",
    ),
    ErrorCode(
        48006,
        Handling.QUOTA,
        "The quota was already cleared ten times this month.",
        "本月重置 API 调用次数的机会（10 次）已用完。",
        "Wait for the quota to come back the next day, and find out what uses it up.",
        "请等待次日额度自动恢复，并查明是什么耗尽了额度。",
        retry_after=86400,
    ),
    ErrorCode(
        85085,
        Handling.QUOTA,
        "The review submissions of this month are used up.",
        "本月提交审核的次数已达上限。",
        "Wait for the next month, or apply for more in the third-party platform’s console.",
        "请等到下个月，或在第三方平台后台申请提升额度。",
        retry_after=86400,
    ),
    ErrorCode(
        85406,
        Handling.QUOTA,
        "The links of this mini-program were opened too often today.",
        "该小程序的链接今日访问次数已达上限。",
        "Wait for the next day.",
        "请等到次日。",
        retry_after=3600,
    ),
    ErrorCode(
        87013,
        Handling.QUOTA,
        "Withdrawing from review was used too often (5 a day, 10 a month).",
        "撤回审核的次数已达上限（每天 5 次，每月 10 次）。",
        "Wait for the next day or month, or let the review finish.",
        "请等到次日或下个月，或等待审核结束。",
        retry_after=86400,
    ),
    ErrorCode(
        886001,
        Handling.BUSY,
        "WeChat is busy.",
        "微信系统繁忙。",
        "Try again in a few seconds.",
        "请几秒后重试。",
        retry_after=3,
    ),
)
