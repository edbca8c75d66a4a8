"""WeChat's refusals: the one place where an errcode becomes an error."""

import re
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.wechat.errcodes import Handling, find_errcode
from apps.wechat.errors import (
    CredentialProblem,
    InputRejected,
    PermanentlyRefused,
    QuotaExhausted,
    TokenRejected,
    WeChatBusy,
    WeChatError,
)
from apps.wechat.redaction import without_credentials
from apps.wechat.wire import WireRequest

ERRMSG_MAX_LENGTH = 300
RID = re.compile(r"rid: ([0-9a-f]{8}(?:-[0-9a-f]{8}){2})")
# until 2020, seen as ` hint: [KJZfAa0644e575]` and as ` hints: [ xILbB24ce-rKhYGa! ]`
HINT = re.compile(r"hints?: ?\[ ?([^\]\s]{1,40}) ?\]")
SEEN_IP = re.compile(r"(?:invalid ip|requestIP:) ([0-9a-fA-F.:*]{3,45})")

DAILY_OR_MINUTE_QUOTA = 45009
ERRORS: dict[Handling, type[WeChatError]] = {
    Handling.TOKEN: TokenRejected,
    Handling.BUSY: WeChatBusy,
    Handling.QUOTA: QuotaExhausted,
    Handling.OPERATOR: CredentialProblem,
    Handling.INPUT: InputRejected,
    Handling.PERMANENT: PermanentlyRefused,
}


def error_for(request: WireRequest, *, errcode: int, errmsg: object) -> WeChatError:
    """The error that `errcode` means for `request`; `errmsg` is kept and searched for a rid, never decided by."""
    text = _clean_errmsg(errmsg, known=request.credentials)
    rid = RID.search(text) or HINT.search(text)
    ip = SEEN_IP.search(text)
    facts: dict[str, Any] = {
        "errcode": errcode,
        "errmsg": text[:ERRMSG_MAX_LENGTH],
        "rid": rid and rid[1],
        "seen_ip": ip and ip[1].rstrip(".:"),
    }
    known = find_errcode(errcode)
    if known is None:
        return WeChatError(
            format_lazy(_("WeChat returned {errcode}: {errmsg}"), errcode=errcode, errmsg=facts["errmsg"]),
            advice=_("Look up the errcode in WeChat’s documentation. WeChat support can trace the call by its rid."),
            **facts,
        )
    handling, retry_after = known.handling, known.retry_after
    if handling is Handling.TOKEN and request.is_token_call:
        handling = Handling.OPERATOR
    if errcode == DAILY_OR_MINUTE_QUOTA and request.is_code_call:
        # documents up to 2022 give this errcode for the quota per minute
        retry_after = 60
    detail = format_lazy(_("WeChat returned {errcode}: {meaning}"), errcode=errcode, meaning=known.lazy_meaning)
    if facts["seen_ip"]:
        detail = format_lazy(
            _("{detail} WeChat sees this server’s IP address as {ip}."), detail=detail, ip=facts["seen_ip"]
        )
    return ERRORS[handling](detail, advice=known.lazy_cure, retry_after=retry_after, **facts)


def _clean_errmsg(errmsg: object, *, known: tuple[str, ...]) -> str:
    """WeChat's text on one line, without credentials; empty when it is no text."""
    if not isinstance(errmsg, str):
        return ""
    visible = "".join(character if character.isprintable() else " " for character in errmsg[:4000])
    return without_credentials(" ".join(visible.split()), known=known)
