"""Errcodes of mini-program codes: scene, page, looks."""

from apps.wechat.errcodes.entry import ErrorCode, Handling

_I = Handling.INPUT

ERRCODES = (
    ErrorCode(
        40097,
        _I,
        "An argument is invalid.",
        "参数错误。",
        "Use release, trial or develop as env_version. A rule for ordinary links cannot be edited once "
        "it is published.",
        "env_version 只能是 release、trial 或 develop。已发布的普通链接二维码规则不能修改。",
    ),
    ErrorCode(
        40129,
        _I,
        "The scene contains a character that WeChat does not allow.",
        "scene 含有不允许的字符。",
        "Use digits, letters and !#$&'()*+,/:;=?@-._~ only; no %, no space, no Chinese. Store longer data "
        "in your own system, under a short ID.",
        "只能使用数字、英文字母和 !#$&'()*+,/:;=?@-._~，不支持 %、空格和中文。较长的内容请自行保存并用短 ID 代替。",
    ),
    ErrorCode(
        40159,
        _I,
        "The path is empty or too long.",
        "path 为空或过长。",
        "Send a path of 1 to 1,024 characters, 128 bytes for the square QR code.",
        "path 长度应为 1 到 1024 个字符，小程序二维码接口最多 128 字节。",
    ),
    ErrorCode(
        40169,
        _I,
        "The scene is missing, empty or longer than 32 characters.",
        "scene 缺失、为空或超过 32 个字符。",
        "Send a scene of 1 to 32 characters, and check the spelling of the field.",
        "scene 长度应为 1 到 32 个字符，并请检查字段名拼写。",
    ),
    ErrorCode(
        40189,
        _I,
        "The width is invalid.",
        "width 不合法。",
        "Use a width of 280 to 1280 px.",
        "width 应在 280 到 1280 像素之间。",
    ),
    ErrorCode(
        41030,
        _I,
        "The page does not exist in the published version of the mini-program.",
        "小程序已发布的版本中没有该页面。",
        "Check the spelling: no leading /, no parameters. If the page is not published yet, set check_path "
        "to false (and env_version to trial or develop), or publish the mini-program first.",
        "请检查拼写，开头不要加 /，不要带参数。若页面尚未发布，请传 check_path 为 false（并设 "
        "env_version 为 trial 或 develop），"
        "或先发布小程序。",
    ),
    ErrorCode(
        85096,
        _I,
        "The word scancode_time is reserved by WeChat.",
        "scancode_time 是微信的保留字段。",
        "Remove scancode_time from the scene and the page; WeChat adds it automatically.",
        "请从 scene 和 page 中去掉 scancode_time，微信会自动附带该参数。",
    ),
)
