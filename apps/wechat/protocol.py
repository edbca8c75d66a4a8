"""Pure knowledge of the wire: build each request, read each answer into a value or one typed error."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from apps.errors import InvalidRequest
from apps.wechat import paths
from apps.wechat.errors import MalformedResponse, WeChatUnreachable
from apps.wechat.pictures import is_picture, read_picture
from apps.wechat.refusals import error_for
from apps.wechat.types import AccessToken, CodeImage, LimitedCode, LineColor, QrCode, UnlimitedCode
from apps.wechat.wire import WireAnswer, WireRequest


def token_request(*, appid: str, secret: str) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getAccessToken.html

    Every call mints a new token, so a repeated one wastes a slot of WeChat's two; see client.py for when it is.
    """
    query = {"grant_type": "client_credential", "appid": appid, "secret": secret}
    return WireRequest("GET", paths.TOKEN, query, credentials=(secret,), is_token_call=True)


def stable_token_request(*, appid: str, secret: str, force_refresh: bool) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html"""
    body = json_body(
        {
            "grant_type": "client_credential",
            "appid": appid,
            "secret": secret,
            "force_refresh": force_refresh,
        }
    )
    return WireRequest("POST", paths.STABLE_TOKEN, {}, body, credentials=(secret,), is_token_call=True)


def unlimited_code_request(*, access_token: str, code: UnlimitedCode) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html

    Every field is sent, because leaving `check_path` out means true. Raises InvalidRequest for text that JSON
    could only carry as an escape, which WeChat does not reliably decode.
    """
    fields: dict[str, Any] = {
        "scene": code.scene,
        "check_path": code.check_path,
        "env_version": code.env_version,
        "width": code.width,
        "auto_color": code.auto_color,
        "line_color": _rgb(code.line_color),
        "is_hyaline": code.is_hyaline,
    }
    if code.page:
        fields["page"] = code.page
    return WireRequest(
        "POST",
        paths.CODE_PATHS[UnlimitedCode],
        {"access_token": access_token},
        json_body(fields),
        credentials=(access_token,),
        is_code_call=True,
    )


def limited_code_request(*, access_token: str, code: LimitedCode) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html"""
    fields = {
        "path": code.path,
        "env_version": code.env_version,
        "width": code.width,
        "auto_color": code.auto_color,
        "line_color": _rgb(code.line_color),
        "is_hyaline": code.is_hyaline,
    }
    return _lifetime_request(paths.CODE_PATHS[LimitedCode], access_token=access_token, fields=fields)


def qr_code_request(*, access_token: str, code: QrCode) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/createQRCode.html"""
    fields = {"path": code.path, "width": code.width}
    return _lifetime_request(paths.CODE_PATHS[QrCode], access_token=access_token, fields=fields)


def _lifetime_request(path: str, *, access_token: str, fields: Mapping[str, Any]) -> WireRequest:
    """A call that costs one of the mini-program's 100,000 codes, so that nothing repeats it by itself."""
    return WireRequest(
        "POST",
        path,
        {"access_token": access_token},
        json_body(fields),
        credentials=(access_token,),
        is_code_call=True,
        is_repeatable=False,
    )


def _rgb(color: LineColor) -> dict[str, int]:
    return {"r": color.r, "g": color.g, "b": color.b}


def clear_quota_request(*, appid: str, secret: str) -> WireRequest:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/clearApiQuotaByAppSecret.html

    The page's table puts the fields in the body and its sample in the query, so both carry them.
    """
    fields = {"appid": appid, "appsecret": secret}
    return WireRequest(
        "POST",
        paths.CLEAR_QUOTA,
        fields,
        json_body(fields),
        credentials=(secret,),
        is_token_call=True,
        # ten a month
        is_repeatable=False,
    )


def api_domain_ips_request(*, access_token: str) -> WireRequest:
    """https://developers.weixin.qq.com/doc/offiaccount/Basic_Information/Get_the_WeChat_server_IP_address.html"""
    query = {"access_token": access_token}
    return WireRequest("GET", paths.API_DOMAIN_IPS, query, credentials=(access_token,))


@sensitive_variables("found", "value")
def read_access_token(request: WireRequest, answer: WireAnswer) -> AccessToken:
    """The token in an answer to either token call. Raises WeChatError."""
    found = read_json(request, answer)
    value, seconds = found.get("access_token"), whole_number(found.get("expires_in"))
    if not isinstance(value, str) or not value.strip():
        raise MalformedResponse(_("WeChat’s response contains no access_token."))
    if seconds is None or seconds <= 0:
        raise MalformedResponse(_("WeChat’s response contains an access_token without a usable expires_in."))
    return AccessToken(value=value, expires_in=seconds)


def read_code_image(request: WireRequest, answer: WireAnswer) -> CodeImage:
    """The complete picture in an answer. Raises WeChatError, also for a picture that is cut off."""
    found = _read(request, answer)
    if isinstance(found, CodeImage):
        return replace(found, num_used=whole_number(answer.num_used))
    raise MalformedResponse(_("WeChat returned JSON without an error code instead of an image."))


def read_confirmation(request: WireRequest, answer: WireAnswer) -> None:
    """Nothing, for an answer that only says ok. Raises WeChatError."""
    if "errcode" not in read_json(request, answer):
        raise MalformedResponse(_("WeChat’s response does not show whether the call succeeded."))


def read_ip_list(request: WireRequest, answer: WireAnswer) -> list[str]:
    """The addresses, some of them networks such as 101.226.103.0/25. Raises WeChatError."""
    found = read_json(request, answer).get("ip_list")
    if not isinstance(found, list) or not all(isinstance(ip, str) for ip in found):
        raise MalformedResponse(_("WeChat’s response contains no ip_list."))
    return found


def read_json(request: WireRequest, answer: WireAnswer) -> dict[str, Any]:
    """The JSON object of an answer that is no error and no picture. Raises WeChatError."""
    found = _read(request, answer)
    if isinstance(found, CodeImage):
        raise MalformedResponse(_("WeChat returned an image instead of JSON."))
    return found


@sensitive_variables("found")
def _read(request: WireRequest, answer: WireAnswer) -> dict[str, Any] | CodeImage:
    """A picture or a JSON object without an error. The bytes decide, never a header: picture first, JSON second."""
    if answer.status >= 500:
        raise WeChatUnreachable(
            format_lazy(
                _("A gateway in front of WeChat returned HTTP {status}."),
                status=answer.status,
            ),
            advice=_("Try again in a moment. If this persists, check WeChat’s status page and your network."),
        )
    if 300 <= answer.status < 400:
        raise MalformedResponse(
            format_lazy(
                _("WeChat’s address returned a redirect (HTTP {status}), which wxcode did not follow."),
                status=answer.status,
            ),
            advice=_("WeChat never redirects, and following it would leak credentials. Check WECHAT_API_BASE."),
        )
    if answer.status == 200 and is_picture(answer.body):
        return read_picture(answer.body)
    found = _json_object(answer.body)
    if found is None:
        raise _neither(answer)
    errcode = whole_number(found.get("errcode", 0))
    if errcode is None:
        raise MalformedResponse(_("WeChat’s response contains an errcode that is not a number."))
    if errcode != 0:
        raise error_for(request, errcode=errcode, errmsg=found.get("errmsg"))
    if answer.status != 200:
        raise _neither(answer)
    return found


def _neither(answer: WireAnswer) -> MalformedResponse:
    return MalformedResponse(
        format_lazy(
            _("The response (HTTP {status}, {size} bytes) is neither an image nor WeChat’s JSON."),
            status=answer.status,
            size=len(answer.body),
        ),
        advice=_("Try again. If this persists, something between this server and WeChat is altering the responses."),
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that `body` is, or None. Broken UTF-8 inside a text must not cost us the errcode."""
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        found = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def json_body(fields: Mapping[str, Any]) -> bytes:
    r"""Raw UTF-8 without \u escapes: WeChat answers 40129, 40033 or 47002 to text that came as an escape."""
    for name, value in fields.items():
        if isinstance(value, str) and not value.isprintable():
            raise InvalidRequest(
                format_lazy(_("{name} contains a character that can’t be sent."), name=name),
                errors={name: [gettext("contains a control character or an incomplete character")]},
            )
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def whole_number(value: object) -> int | None:
    """`value` as an int when it is one, or a text of digits; a bool is neither."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
