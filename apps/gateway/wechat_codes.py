"""The three code APIs on WeChat's own paths: the token that was handed out says which mini-program."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_variables

from apps.codes.models import Door, IssuedCode, Kind
from apps.codes.pictures import read_image
from apps.codes.requests import Issuer, code_request
from apps.codes.services import issue_code
from apps.gateway.bodies import read_limited, read_square, read_unlimited
from apps.gateway.refusals import Refusal, door
from apps.miniprograms.models import MiniProgram
from apps.tokens.handed_out import Standing, find_owner

# As at WeChat the token is the credential; which key it was handed to is not known, so the history names the door.
ISSUER = Issuer(label="door:wechat", door=Door.WECHAT.value)
WELL_FORMED_LENGTHS = range(32, 1025)
ERRCODES = {Standing.UNKNOWN: 40001, Standing.SUPERSEDED: 40001, Standing.EXPIRED: 42001}


@door("POST")
def getwxacodeunlimit(request: HttpRequest) -> HttpResponse:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html"""
    miniprogram = authorise(request)
    return _picture(_issue(miniprogram, read_unlimited(request.body)))


@door("POST")
def getwxacode(request: HttpRequest) -> HttpResponse:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html"""
    miniprogram = authorise(request)
    return _picture(_issue(miniprogram, read_limited(request.body)))


@door("POST")
def createwxaqrcode(request: HttpRequest) -> HttpResponse:
    """https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/createQRCode.html"""
    miniprogram = authorise(request)
    return _picture(_issue(miniprogram, read_square(request.body)))


@sensitive_variables("token")
def authorise(request: HttpRequest) -> MiniProgram:
    """The mini-program that the token in the query speaks for. Raises Refusal 41001, 40014, 40001 or 42001."""
    token = request.GET.get("access_token", "")
    if not token:
        raise Refusal(41001)
    if len(token) not in WELL_FORMED_LENGTHS:
        raise Refusal(40014)
    appid, standing = find_owner(token)
    if standing is not Standing.SERVED:
        raise Refusal(ERRCODES[standing])
    miniprogram: MiniProgram | None = MiniProgram.objects.filter(appid=appid).first()
    if miniprogram is None:
        raise Refusal(40001)
    return miniprogram


def _issue(miniprogram: MiniProgram, given: dict[str, Any]) -> IssuedCode:
    return issue_code(miniprogram=miniprogram, request=code_request(miniprogram, **given), issuer=ISSUER).code


def _picture(code: IssuedCode) -> HttpResponse:
    answer = HttpResponse(read_image(code), content_type=code.media_type)
    # WeChat tells it for getwxacode only
    if code.kind == Kind.LIMITED:
        answer["Num-Used"] = str(code.num_used)
    return answer
