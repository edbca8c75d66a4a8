"""WeChat's own paths, below /wechat/."""

from django.urls import path, re_path

from apps.gateway import wechat_codes, wechat_tokens
from apps.gateway.wechat_elsewhere import elsewhere

urlpatterns = [
    path("cgi-bin/token", wechat_tokens.token),
    path("cgi-bin/stable_token", wechat_tokens.stable_token),
    path("wxa/getwxacodeunlimit", wechat_codes.getwxacodeunlimit),
    path("wxa/getwxacode", wechat_codes.getwxacode),
    path("cgi-bin/wxaapp/createwxaqrcode", wechat_codes.createwxaqrcode),
    re_path(r"^.*$", elsewhere),
]
