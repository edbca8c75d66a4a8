"""What operators ask WeChat about itself: what is left of each quota, and what became of the request with a rid."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram, TokenMode
from apps.tokens.operations import find_cure
from apps.tokens.outgoing import client_for
from apps.tokens.services import call_with_token
from apps.wechat.types import ApiQuota, RidReport

TOKEN_PATHS = {TokenMode.CLASSIC.value: "/cgi-bin/token", TokenMode.STABLE.value: "/cgi-bin/stable_token"}
CODE_PATHS = (
    ("/wxa/getwxacodeunlimit", _("unlimited codes")),
    ("/wxa/getwxacode", _("limited codes")),
    ("/cgi-bin/wxaapp/createwxaqrcode", _("square codes")),
)


@dataclass(frozen=True)
class LiveQuota:
    """What WeChat says about one endpoint, or why it does not."""

    path: str
    purpose: Any
    quota: ApiQuota | None
    problem: str = ""
    cure: str = ""


def find_live_quotas(miniprogram: MiniProgram, *, requested_by: str) -> list[LiveQuota]:
    """The quotas of the token and code endpoints as WeChat counts them now; a failure of one hides no other.

    Needs a token, so an exhausted token quota can be seen only while a token is left.
    """
    token_path = TOKEN_PATHS.get(miniprogram.token_mode, TOKEN_PATHS[TokenMode.STABLE.value])
    paths = ((token_path, _("access tokens")), *CODE_PATHS)
    return [_find(miniprogram, path, purpose, requested_by) for path, purpose in paths]


def look_up_rid(miniprogram: MiniProgram, rid: str, *, requested_by: str) -> RidReport:
    """What WeChat remembers of the request with this rid. Raises WeChatError and what get_access_token raises."""
    client = client_for(miniprogram)
    return call_with_token(
        miniprogram,
        lambda access_token: client.rid_report(access_token=access_token, rid=rid),
        acquire=lambda: None,
        requested_by=requested_by,
    )


def _find(miniprogram: MiniProgram, path: str, purpose: Any, requested_by: str) -> LiveQuota:
    client = client_for(miniprogram)
    try:
        quota = call_with_token(
            miniprogram,
            lambda access_token: client.quota(access_token=access_token, cgi_path=path),
            acquire=lambda: None,
            requested_by=requested_by,
        )
    except WxcodeError as error:
        return LiveQuota(path, purpose, None, problem=str(error), cure=find_cure(error))
    return LiveQuota(path, purpose, quota)
