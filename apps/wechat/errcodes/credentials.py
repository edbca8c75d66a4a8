"""Errcodes that an operator cures in the WeChat console or in our settings: secrets, addresses, bans, permissions."""

from apps.wechat.errcodes.entry import ErrorCode, Handling

_O = Handling.OPERATOR
_SETTINGS_EN = "mini-program console (mp.weixin.qq.com), 开发管理 → 开发设置"
_SETTINGS_ZH = "小程序后台（mp.weixin.qq.com）“开发管理 → 开发设置”"
_CONFIRM_EN = (
    "An administrator of the mini-program gets a template message in WeChat and must confirm it. Adding this "
    f"server’s IP address to the IP whitelist ({_SETTINGS_EN} → IP白名单) makes the confirmation unnecessary. The "
    "service asks again "
    "every few minutes; asking faster does not help."
)
_CONFIRM_ZH = (
    "小程序管理员会在微信收到模板消息，需由其确认。把本服务器 IP 加入 IP 白名单"
    f"（{_SETTINGS_ZH} → IP白名单）即可免确认。服务会每隔几分钟重试，加快重试没有用。"
)
_SIGNING_EN = (
    "API signing (API安全) is switched on for this mini-program, and this service does not sign. Switch "
    "it off for the "
    f"code interfaces: {_SETTINGS_EN} → API安全."
)
_SIGNING_ZH = (
    f"该小程序开启了 API 安全（签名与加密），而本服务不做签名。请在{_SETTINGS_ZH} → API安全 中对小程序码接口关闭。"
)


def _waiting(errcode: int, meaning_en: str, meaning_zh: str) -> ErrorCode:
    return ErrorCode(errcode, _O, meaning_en, meaning_zh, _CONFIRM_EN, _CONFIRM_ZH, retry_after=300)


def _refused(errcode: int, *, hours: int) -> ErrorCode:
    return ErrorCode(
        errcode,
        _O,
        f"An administrator rejected calls from this IP address; WeChat blocks it for {hours} h.",
        f"管理员拒绝了来自该 IP 的调用，微信将在 {hours} 小时内拒绝该 IP。",
        "Tell the administrators what this server is for, add its address to the IP whitelist "
        f"({_SETTINGS_EN} → IP白名单), and "
        f"let {hours} h pass. Do not retry before: repeated rejections can block the address for a long time.",
        f"请先与管理员沟通，把本服务器 IP 加入 IP 白名单（{_SETTINGS_ZH} → IP白名单），等满 {hours} "
        "小时再试。"
        "在此之前不要重试：多次被拒绝可能导致该 IP 被长期封禁。",
        retry_after=hours * 3600,
    )


def _signing(errcode: int, meaning_en: str, meaning_zh: str) -> ErrorCode:
    return ErrorCode(errcode, _O, meaning_en, meaning_zh, _SIGNING_EN, _SIGNING_ZH)


ERRCODES = (
    ErrorCode(
        40013,
        _O,
        "WeChat does not recognise this AppID, or the mini-program can’t generate links.",
        "AppID 不合法，或该小程序被禁止生成链接。",
        f"Copy the AppID (wx and 16 hex digits, lower case) again from the {_SETTINGS_EN} → 开发者ID. For "
        "links: see 通知中心 "
        "whether the ability was banned.",
        f"请从{_SETTINGS_ZH} → 开发者ID 重新复制 AppID（wx 加 16 位十六进制，注意大小写）。"
        "若是生成链接，请在“通知中心”查看该能力是否被封禁。",
    ),
    ErrorCode(
        40125,
        _O,
        "The AppSecret is wrong.",
        "AppSecret 错误。",
        "Paste the AppSecret of exactly this AppID into the mini-program’s form in the admin. It is "
        "shown only once; if nobody has "
        f"it, reset it: {_SETTINGS_EN} → 开发者ID → AppSecret → 重置. A reset invalidates it everywhere "
        "else.",
        "请在管理后台的小程序表单中粘贴该 AppID 对应的 AppSecret。AppSecret 只显示一次，若已遗失请重置："
        f"{_SETTINGS_ZH} → "
        "开发者ID → AppSecret → 重置。重置后其他系统使用的旧值立即失效。",
    ),
    ErrorCode(
        40164,
        _O,
        "This server’s IP address is not on the mini-program’s IP whitelist.",
        "本服务器的 IP 不在该小程序的 IP 白名单中。",
        f"Add the address that WeChat saw to the list: {_SETTINGS_EN} → IP白名单. It is the address of "
        "your way out (NAT, proxy), "
        "there can be several, and the change takes a few minutes.",
        f"请把微信看到的 IP 加入白名单：{_SETTINGS_ZH} → IP白名单。该 IP 是出口地址（NAT、代理），"
        "可能有多个，修改后几分钟内生效。",
        retry_after=300,
    ),
    ErrorCode(
        40243,
        _O,
        "The AppSecret is frozen.",
        "AppSecret 已被冻结。",
        f"Unfreeze it in the {_SETTINGS_EN} → 开发者ID → AppSecret → 解冻, or reset it there and paste "
        "the new one into the admin. It may "
        "have been frozen because it leaked: find out first.",
        f"请在{_SETTINGS_ZH} → 开发者ID → AppSecret → 解冻，或重置后把新的 AppSecret 填入管理后台。"
        "它可能是因泄露而被冻结，请先确认原因。",
    ),
    ErrorCode(
        41002,
        _O,
        "The AppID is missing.",
        "缺少 appid 参数。",
        "Fill in the AppID of the mini-program in the admin.",
        "请在管理后台填写小程序的 AppID。",
    ),
    ErrorCode(
        41004,
        _O,
        "The AppSecret is missing.",
        "缺少 secret 参数。",
        "The mini-program’s secret reference leads to an empty value: paste the AppSecret in the admin, or "
        "fill the variable or file.",
        "该小程序的 AppSecret 引用指向空值：请在管理后台粘贴 AppSecret，或填写对应的环境变量或文件。",
    ),
    ErrorCode(
        45035,
        _O,
        "This server’s IP address is not registered.",
        "本服务器的 IP 未登记。",
        f"Add the address to the IP whitelist: {_SETTINGS_EN} → IP白名单.",
        f"请把该 IP 加入白名单：{_SETTINGS_ZH} → IP白名单。",
        retry_after=300,
    ),
    ErrorCode(
        45063,
        _O,
        "The access_token belongs to an account that is no mini-program.",
        "该 access_token 不属于小程序。",
        "The AppID is that of an official account (公众号). Register the mini-program’s own AppID and AppSecret.",
        "该 AppID 属于公众号。请登记小程序自己的 AppID 与 AppSecret。",
    ),
    ErrorCode(
        48001,
        _O,
        "The mini-program is not authorised for this API.",
        "该小程序没有此接口的权限。",
        "See 开发管理 → 接口设置 in the console: some interfaces need a verified or a non-personal account.",
        "请在小程序后台“开发管理 → 接口设置”查看权限：部分接口要求已认证或非个人主体。",
    ),
    ErrorCode(
        48004,
        _O,
        "This API is banned for the mini-program because of irregularities.",
        "该接口因违规被封禁。",
        "Read the notice in the console’s 通知中心, and appeal there.",
        "请在小程序后台“通知中心”查看处罚通知并申诉。",
    ),
    ErrorCode(
        50002,
        _O,
        "The account is restricted.",
        "该账号被限制使用。",
        "Read the notice in the console’s 通知中心; a violation or an expired verification restricts accounts.",
        "请在小程序后台“通知中心”查看原因，违规或认证过期都会导致限制。",
    ),
    ErrorCode(
        50004,
        _O,
        "The account is not allowed to fetch access tokens, usually because of a penalty.",
        "该账号被禁止使用 token 接口，多为违规处罚。",
        "Read the notice in the console (通知中心) and appeal (申诉). Until the penalty is lifted, nothing "
        "in this service will work.",
        "请在小程序后台“通知中心”查看处罚并申诉。解除之前，本服务的任何调用都不会成功。",
    ),
    ErrorCode(
        50007,
        _O,
        "The account is frozen.",
        "该账号已被冻结。",
        "Log in to the console as the administrator and follow the unfreezing steps (账号解冻). Mark the "
        "mini-program as inactive here until then.",
        "请由管理员登录小程序后台按提示办理账号解冻。在此之前请把该小程序设为停用。",
    ),
    ErrorCode(
        61024,
        _O,
        "This AppID is that of a third-party platform, which gets its tokens in another way.",
        "该 AppID 属于第三方平台，必须用 api_component_token 获取 token。",
        "Register the mini-program’s own AppID and AppSecret, from its own console (开发管理 → 开发设置), "
        "not those of the platform on open.weixin.qq.com.",
        "请登记小程序自己的 AppID 与 AppSecret（小程序后台“开发管理 → 开发设置”），不要使用开放平台第三方平台的。",
    ),
    _waiting(
        89501,
        "An earlier request for confirmation is still open.",
        "有尚未处理的管理员确认请求。",
    ),
    _waiting(
        89502,
        "The mini-program’s administrator has not yet confirmed calls from this IP address.",
        "管理员尚未确认来自该 IP 的调用。",
    ),
    _waiting(
        89503,
        "Calls from this IP address need the confirmation of an administrator.",
        "来自该 IP 的调用需要管理员确认。",
    ),
    _waiting(
        89504,
        "The confirmation of an administrator is awaited.",
        "正在等待管理员确认。",
    ),
    _waiting(
        89505,
        "The confirmation of an administrator is awaited; try again later.",
        "正在等待管理员确认，请稍后重试。",
    ),
    _refused(89506, hours=24),
    _refused(89507, hours=1),
    _signing(40230, "The header Wechatmp-Serial is missing.", "缺少 Wechatmp-Serial 请求头。"),
    _signing(40231, "The header Wechatmp-TimeStamp is missing.", "缺少 Wechatmp-TimeStamp 请求头。"),
    _signing(40232, "The header Wechatmp-Signature is missing.", "缺少 Wechatmp-Signature 请求头。"),
    _signing(40233, "The header Wechatmp-AppId is missing.", "缺少 Wechatmp-AppId 请求头。"),
    _signing(40234, "The signature of the request is wrong.", "请求签名错误。"),
    _signing(40235, "The encryption of the request is wrong.", "请求加密错误。"),
    _signing(40236, "The header Wechatmp-AppId is invalid.", "Wechatmp-AppId 无效。"),
    _signing(40237, "The header Wechatmp-AppId does not match the token.", "Wechatmp-AppId 与 token 不匹配。"),
    _signing(40238, "The mini-program has no symmetric key.", "开发者未设置对称密钥。"),
    _signing(40239, "The mini-program has no public key.", "开发者未设置公钥。"),
    _signing(40240, "The signed time of the request is too old.", "请求签名的时间戳已过期。"),
)
