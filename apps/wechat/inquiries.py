"""What WeChat says about itself: what is left of a quota, and what became of one request."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.wechat import paths
from apps.wechat.errors import MalformedResponse
from apps.wechat.protocol import json_body, read_json, whole_number
from apps.wechat.redaction import without_credentials
from apps.wechat.types import ApiQuota, RidReport
from apps.wechat.wire import WireAnswer, WireRequest

# of a request or an answer, as much as helps a person
SHOWN_LENGTH = 2000


def quota_request(*, access_token: str, cgi_path: str) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/getApiQuota.html"""
    return _request(paths.QUOTA, access_token, {"cgi_path": cgi_path})


def rid_request(*, access_token: str, rid: str) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/getRidInfo.html"""
    return _request(paths.RID, access_token, {"rid": rid})


def read_quota(request: WireRequest, answer: WireAnswer) -> ApiQuota:
    """The quota in an answer; a missing rate limit counts as none. Raises WeChatError."""
    found = read_json(request, answer)
    day, rate = _object(found.get("quota")), _object(found.get("rate_limit"))
    if day is None:
        raise MalformedResponse(_("WeChat’s response contains no quota."))
    numbers = [whole_number(day.get(name)) for name in ("daily_limit", "used", "remain")]
    if any(number is None for number in numbers):
        raise MalformedResponse(_("WeChat’s response contains a quota without its numbers."))
    limit, used, remain = (number or 0 for number in numbers)
    return ApiQuota(
        daily_limit=limit,
        used=used,
        remain=remain,
        calls=whole_number((rate or {}).get("call_count")) or 0,
        seconds=whole_number((rate or {}).get("refresh_second")) or 0,
    )


def read_rid_report(request: WireRequest, answer: WireAnswer) -> RidReport:
    """The report in an answer, without the credentials that the request had. Raises WeChatError."""
    found = _object(read_json(request, answer).get("request"))
    invoked_at = whole_number((found or {}).get("invoke_time"))
    if found is None or invoked_at is None:
        raise MalformedResponse(_("WeChat’s response contains nothing about the request."))

    def text(name: str) -> str:
        value = found.get(name)
        shown = value if isinstance(value, str) else ""
        return without_credentials(shown, known=request.credentials)[:SHOWN_LENGTH]

    return RidReport(
        invoked_at=invoked_at,
        cost_ms=whole_number(found.get("cost_in_ms")) or 0,
        request_url=text("request_url"),
        request_body=text("request_body"),
        response_body=text("response_body"),
        client_ip=text("client_ip"),
    )


def _request(path: str, access_token: str, fields: Mapping[str, str]) -> WireRequest:
    return WireRequest("POST", path, {"access_token": access_token}, json_body(fields), credentials=(access_token,))


def _object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None
