"""The paths of WeChat's endpoints that others than the protocol speak of."""

from typing import Final

from apps.wechat.types import LimitedCode, QrCode, UnlimitedCode

TOKEN: Final = "/cgi-bin/token"  # noqa: S105  (a path)
STABLE_TOKEN: Final = "/cgi-bin/stable_token"  # noqa: S105
API_DOMAIN_IPS: Final = "/cgi-bin/get_api_domain_ip"
CLEAR_QUOTA: Final = "/cgi-bin/clear_quota/v2"
QUOTA: Final = "/cgi-bin/openapi/quota/get"
RID: Final = "/cgi-bin/openapi/rid/get"
CODE_PATHS: Final = {
    UnlimitedCode: "/wxa/getwxacodeunlimit",
    LimitedCode: "/wxa/getwxacode",
    QrCode: "/cgi-bin/wxaapp/createwxaqrcode",
}
ALL: Final = (TOKEN, STABLE_TOKEN, API_DOMAIN_IPS, CLEAR_QUOTA, QUOTA, RID, *CODE_PATHS.values())
