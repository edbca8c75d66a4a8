"""The doors of older services, with the answers that pages written for them expect; for the default mini-program."""

import base64
import json
import logging
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from apps.api.errors import MalformedJson, MethodNotAllowed
from apps.clients.addresses import client_address
from apps.clients.errors import CallerRefused, RateLimitExceeded, Unauthenticated
from apps.clients.validation import Scope
from apps.codes.checking import find_page_problems
from apps.codes.models import Door, IssuedCode
from apps.codes.pictures import read_image
from apps.codes.requests import Issuer, code_request
from apps.codes.services import issue_code
from apps.errors import InvalidRequest, NotFound, WxcodeError
from apps.gateway.access import admit
from apps.gateway.models import OlderDoor
from apps.miniprograms.models import MiniProgram
from apps.tokens.handed_out import note_owner_once
from apps.tokens.readings import note_reading
from apps.tokens.services import get_access_token
from apps.wechat import rules
from apps.wechat.errors import InputRejected

logger = logging.getLogger(__name__)

# The words of the service that this door replaces; pages compare them.
TOKEN_FAILED = "获取微信token失败"  # noqa: S105


class NoDefault(NotFound):
    """No active mini-program is marked as the default."""

    code = "no_default_miniprogram"
    title = _("No default mini-program")


@csrf_exempt
@sensitive_variables("found")
def extend_token(request: HttpRequest) -> HttpResponse:
    """`GET /api/extend/get/wx/token`: the shared token."""
    try:
        miniprogram, issuer = _enter(request, "GET", OlderDoor.TOKEN, source=Door.EXTEND, scope=Scope.TOKENS_READ)
        found = get_access_token(miniprogram, requested_by=issuer.label)
        # without Redis it is as good, only the code doors will not know it
        with suppress(WxcodeError):
            note_owner_once(miniprogram.appid, found)
    except WxcodeError as error:
        _log(request, error)
        return _answer({"err_msg": TOKEN_FAILED, "err_code": -1}, status=_refused_status(error) or 200)
    note_reading(miniprogram.appid, reader=issuer.label, address=client_address(request.META))
    return _answer({"token": found.value})


@csrf_exempt
def extend_unlimited(request: HttpRequest) -> HttpResponse:
    """`POST /api/extend/get/wx/unlimited` with `scene`: the picture as base64."""
    try:
        code = _issue(request, OlderDoor.UNLIMITED, source=Door.EXTEND, names=("scene",))
        picture = read_image(code)
    except WxcodeError as error:
        _log(request, error)
        return _answer({"err_msg": str(error), "err_code": -1}, status=_refused_status(error) or 200)
    buffer = base64.b64encode(picture).decode()
    return _answer({"buffer": buffer, "contentType": code.media_type, "errcode": 0, "errmsg": "ok"})


@csrf_exempt
def qrcode(request: HttpRequest) -> HttpResponse:
    """`POST /api/qrcode` with `scene` and, if wanted, `page`: the picture as a data URL of its true type."""
    try:
        code = _issue(request, OlderDoor.QRCODE, source=Door.QRCODE, names=("scene", "page"))
        picture = read_image(code)
    except WxcodeError as error:
        _log(request, error)
        is_bad_input = isinstance(error, InvalidRequest | MalformedJson | InputRejected)
        status = _refused_status(error) or (400 if is_bad_input else 500)
        return _answer({"success": False, "error": str(error)}, status=status)
    image = f"data:{code.media_type};base64,{base64.b64encode(picture).decode()}"
    return _answer({"success": True, "image": image, "scene": code.scene, "page": code.page})


@csrf_exempt
def health(request: HttpRequest) -> HttpResponse:
    """`GET /api/health`: that the service answers, and its time."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        _demand_method(request, "GET")
        admit(request, door=OlderDoor.HEALTH.value, source="health", scope=None, appid=None)
    except WxcodeError as error:
        return _answer({"status": "error", "error": str(error), "timestamp": now}, status=error.http_status)
    return _answer({"status": "ok", "timestamp": now})


def _issue(request: HttpRequest, door: OlderDoor, *, source: Door, names: tuple[str, ...]) -> IssuedCode:
    """The code for the fields `names` of the body. Raises InvalidRequest, NoDefault and what issue_code raises."""
    miniprogram, issuer = _enter(request, "POST", door, source=source, scope=Scope.CODES_CREATE)
    given = _read_fields(request, names)
    return issue_code(miniprogram=miniprogram, request=code_request(miniprogram, **given), issuer=issuer).code


def _enter(
    request: HttpRequest, method: str, door: OlderDoor, *, source: Door, scope: Scope
) -> tuple[MiniProgram, Issuer]:
    _demand_method(request, method)
    miniprogram: MiniProgram | None = MiniProgram.objects.active().filter(is_default=True).first()
    appid = miniprogram.appid if miniprogram else None
    issuer = admit(request, door=door.value, source=source.value, scope=scope.value, appid=appid)
    if miniprogram is None:
        raise NoDefault(
            _("No active mini-program is marked as the default."),
            advice=_("An operator can mark one in the admin (field “default”)."),
        )
    return miniprogram, issuer


def _demand_method(request: HttpRequest, method: str) -> None:
    if request.method not in ({"GET", "HEAD"} if method == "GET" else {method}):
        raise MethodNotAllowed(_("Use %(method)s here.") % {"method": method})


def _read_fields(request: HttpRequest, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields of the JSON body, whatever its Content-Type; the rest is ignored, as the older services did."""
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise MalformedJson(_("The body is not JSON.")) from None
    except RequestDataTooBig:
        raise InvalidRequest(_("The body is too large.")) from None
    if not isinstance(body, dict):
        raise InvalidRequest(_("The body is not a JSON object."))
    # an empty page means the default page
    scene = body.get("scene")
    given = {"scene": "" if scene is None else scene} | {name: body[name] for name in names if body.get(name)}
    problems = {
        name: [str(_("Use a string, in quotes."))] if not isinstance(value, str) else CHECKS[name](value)
        for name, value in given.items()
    }
    wrong = {name: found for name, found in problems.items() if found}
    if wrong:
        text = "; ".join(f"{name}: {' '.join(found)}" for name, found in wrong.items())
        raise InvalidRequest(text, errors=wrong)
    return given


CHECKS = {"scene": rules.scene_problems, "page": find_page_problems}


def _refused_status(error: WxcodeError) -> int | None:
    """The HTTP status for somebody who may not use the door, or not this way."""
    is_refused = isinstance(error, Unauthenticated | CallerRefused | RateLimitExceeded | MethodNotAllowed)
    return error.http_status if is_refused else None


def _log(request: HttpRequest, error: WxcodeError) -> None:
    logger.warning("%s %s: %s %s", request.method, request.path, error.code, error)


def _answer(value: dict[str, Any], *, status: int = 200) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return JsonResponse(value, status=status, headers=headers, json_dumps_params={"ensure_ascii": False})
