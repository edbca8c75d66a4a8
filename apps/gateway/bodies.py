"""What SDKs send to WeChat: JSON whatever the Content-Type says, and WeChat's rules, each with its errcode."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from apps.codes.checking import find_page_problems
from apps.codes.models import Kind
from apps.gateway.refusals import ERRMSGS, Refusal
from apps.wechat import rules
from apps.wechat.types import (
    ENV_VERSIONS,
    RESERVED_WORD,
    SCENE_ALPHABET,
    SCENE_MAX_LENGTH,
    WIDTH_DEFAULT,
    WIDTH_MAX,
    WIDTH_MIN,
    LineColor,
)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises Refusal 44002 (empty) or 47001 (not a JSON object)."""
    return read_object(decode(body))


def decode(body: bytes) -> str:
    if not body:
        raise Refusal(44002)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(47001) from None


def read_object(text: str) -> dict[str, Any]:
    """The fields that say something: SDKs send null, "" and 0 for what they did not set."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Refusal(47001, f"the body is not JSON at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise Refusal(47001, "the body is not JSON") from None
    if not isinstance(value, dict):
        raise Refusal(47001, "the body is not a JSON object")
    return {name: given for name, given in value.items() if given is not None and given != ""}


def _refuse_constant(name: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's
    raise ValueError(name)


def read_unlimited(body: bytes) -> dict[str, Any]:
    """The arguments for `code_request` in a body of getwxacodeunlimit, with WeChat's own defaults for the rest but
    the page, whose default is the mini-program's.

    Raises Refusal. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html
    """
    text = decode(body)
    if not text.lstrip().startswith("{"):
        raise Refusal(40169)
    fields = read_object(text)
    scene: str = typed(fields, "scene", str, "")
    if not 1 <= len(scene) <= SCENE_MAX_LENGTH:
        raise Refusal(40169, " ".join(rules.scene_problems(scene)))
    if not SCENE_ALPHABET.issuperset(scene):
        raise Refusal(40129, " ".join(rules.scene_problems(scene)))
    page: str = typed(fields, "page", str, "")
    if RESERVED_WORD in scene or RESERVED_WORD in page:
        raise Refusal(85096)
    given = {"scene": scene, "page": page, "check_path": typed(fields, "check_path", bool, True), **_looks(fields)}
    if problems := find_page_problems(page):
        raise Refusal(41030, " ".join(problems))
    return given


def read_limited(body: bytes) -> dict[str, Any]:
    """The same for getwxacode.

    https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html
    """
    fields = _path_object(body)
    return {
        "kind": Kind.LIMITED.value,
        "path": _path(fields, rules.limited_path_problems, refused=ERRMSGS[85096]),
        **_looks(fields),
    }


def read_square(body: bytes) -> dict[str, Any]:
    """The same for createwxaqrcode.

    https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/createQRCode.html
    """
    fields = _path_object(body)
    path = _path(fields, rules.qrcode_path_problems, refused=f"page or path {ERRMSGS[85096]}")
    return {"kind": Kind.QRCODE.value, "path": path, "width": _width(fields)}


def typed(fields: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    """The field, or `default`; WeChat takes 1 for no boolean and a number for no string (47001)."""
    value = fields.get(name, default)
    if type(value) is not kind:
        raise Refusal(47001, f"{name} has the wrong JSON type")
    return value


def _looks(fields: dict[str, Any]) -> dict[str, Any]:
    env_version = typed(fields, "env_version", str, ENV_VERSIONS[0])
    if env_version not in ENV_VERSIONS:
        raise Refusal(40097, f"env_version: use one of {', '.join(ENV_VERSIONS)}")
    color = typed(fields, "line_color", dict, {})
    return {
        "env_version": env_version,
        "width": _width(fields),
        "auto_color": typed(fields, "auto_color", bool, False),
        "line_color": LineColor(*(_channel(color, name) for name in "rgb")),
        "is_hyaline": typed(fields, "is_hyaline", bool, False),
    }


def _path_object(body: bytes) -> dict[str, Any]:
    text = decode(body)
    if not text.lstrip().startswith("{"):
        raise Refusal(40159)
    return read_object(text)


def _path(fields: dict[str, Any], find_problems: Callable[[str], list[str]], *, refused: str) -> str:
    path: str = typed(fields, "path", str, "")
    problems = find_problems(path)
    if problems and RESERVED_WORD in path and len(problems) == 1:
        raise Refusal(85096, errmsg=refused)
    if problems:
        raise Refusal(40159, " ".join(problems))
    return path


def _width(fields: dict[str, Any]) -> int:
    width = fields.get("width", 0)
    if type(width) not in (int, float):
        raise Refusal(47001, "width has the wrong JSON type")
    if width and not WIDTH_MIN <= width <= WIDTH_MAX:
        raise Refusal(40189, f"width: use {WIDTH_MIN} to {WIDTH_MAX}")
    return int(width) or WIDTH_DEFAULT


def _channel(color: dict[str, Any], name: str) -> int:
    """WeChat's documents show strings, SDKs send numbers; both are taken."""
    value = color.get(name)
    if value is None or value == "":
        return 0
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= 3:
        value = int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise Refusal(47001, f"line_color.{name} has the wrong JSON type")
    if not 0 <= value <= 255:
        raise Refusal(40097, f"line_color.{name}: use 0 to 255")
    return value
