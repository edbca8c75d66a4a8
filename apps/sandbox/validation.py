"""The body of a code request: WeChat's rules in WeChat's order, each with its own errcode."""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from apps.sandbox.refusals import Refusal

SCENE_ALPHABET = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$&'()*+,/:;=?@-._~")
SCENE_MAX_LENGTH = 32
ENV_VERSIONS = ("release", "trial", "develop")
LIMITED_PATH_MAX_LENGTH = 1024
SQUARE_PATH_MAX_BYTES = 128
WIDTH_MIN, WIDTH_MAX, WIDTH_DEFAULT = 280, 1280, 430
RESERVED_WORD = "scancode_time"
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
Color = tuple[int, int, int]


@dataclass(frozen=True)
class CodeRequest:
    scene: str
    page: str
    check_path: bool
    env_version: str
    width: int
    auto_color: bool
    line_color: Color
    is_hyaline: bool


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a request body; its Content-Type does not matter, the JSON types do.

    Raises Refusal 44002 (empty) or 47001 (not a JSON object).
    """
    return _parse_object(_decode(body))


def parse_code_request(body: bytes) -> CodeRequest:
    """A checked code request; whether the page exists is a question to the app.

    Raises Refusal. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getUnlimitedQRCode.html
    """
    text = _decode(body)
    if not text.lstrip().startswith("{"):
        raise Refusal(40169)
    fields = _parse_object(text)
    literal = _parse_object(_keep_escapes(text)) if "\\u" in text else fields
    scene = _scene(fields, literal)
    page = _typed(literal, "page", str, "")
    if RESERVED_WORD in scene or RESERVED_WORD in page:
        raise Refusal(85096)
    env_version = _typed(fields, "env_version", str, ENV_VERSIONS[0])
    if env_version not in ENV_VERSIONS:
        raise Refusal(40097)
    request = CodeRequest(
        scene=scene,
        page=page,
        check_path=_typed(fields, "check_path", bool, True),
        env_version=env_version,
        width=_width(fields),
        auto_color=_typed(fields, "auto_color", bool, False),
        line_color=_line_color(fields),
        is_hyaline=_typed(fields, "is_hyaline", bool, False),
    )
    if page.startswith("/") or "?" in page or "#" in page:
        raise Refusal(41030)
    return request


def parse_limited_request(body: bytes) -> CodeRequest:
    """A checked request for one of the 100,000 codes; its `path` is the page, with a query.

    Raises Refusal. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/getQRCode.html
    """
    fields = _parse_path_object(body)
    path: str = fields["path"]
    if len(path) > LIMITED_PATH_MAX_LENGTH:
        raise Refusal(40159)
    if RESERVED_WORD in path:
        raise Refusal(85096)
    env_version = _typed(fields, "env_version", str, ENV_VERSIONS[0])
    if env_version not in ENV_VERSIONS:
        raise Refusal(40097)
    return CodeRequest(
        scene="",
        page=path,
        check_path=False,
        env_version=env_version,
        width=_width(fields),
        auto_color=_typed(fields, "auto_color", bool, False),
        line_color=_line_color(fields),
        is_hyaline=_typed(fields, "is_hyaline", bool, False),
    )


def parse_square_request(body: bytes) -> CodeRequest:
    """A checked request for the old square kind, out of the same 100,000.

    Raises Refusal. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/qr-code/createQRCode.html
    """
    fields = _parse_path_object(body)
    path: str = fields["path"]
    if len(path.encode()) > SQUARE_PATH_MAX_BYTES:
        raise Refusal(40159)
    if RESERVED_WORD in path:
        raise Refusal(85096, "page or path not allow include scancode_time field")
    return CodeRequest(
        scene="",
        page=path,
        check_path=False,
        env_version=ENV_VERSIONS[0],
        width=_width(fields),
        auto_color=False,
        line_color=(0, 0, 0),
        is_hyaline=False,
    )


def _parse_path_object(body: bytes) -> dict[str, Any]:
    text = _decode(body)
    if not text.lstrip().startswith("{"):
        raise Refusal(40159)
    fields = _parse_object(text)
    if not _typed(fields, "path", str, ""):
        raise Refusal(40159)
    return fields


def _decode(body: bytes) -> str:
    if not body:
        raise Refusal(44002)
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refusal(47001) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _parse_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal(47001) from None
    if not isinstance(value, dict):
        raise Refusal(47001)
    return value


def _keep_escapes(text: str) -> str:
    r"""WeChat does not reliably decode `\uXXXX`: here it stays in the value as six characters."""
    return ESCAPE.sub(lambda found: r"\\u" if found[1] == "u" else found[0], text)


def _typed(fields: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = fields.get(name, default)
    if type(value) is not kind:
        raise Refusal(47001)
    return value


def _scene(fields: dict[str, Any], literal: dict[str, Any]) -> str:
    scene: str = _typed(fields, "scene", str, "")
    if not 1 <= len(scene) <= SCENE_MAX_LENGTH:
        raise Refusal(40169)
    if not SCENE_ALPHABET.issuperset(scene) or literal.get("scene") != scene:
        raise Refusal(40129)
    return scene


def _width(fields: dict[str, Any]) -> int:
    width = fields.get("width", WIDTH_DEFAULT)
    if type(width) not in (int, float):
        raise Refusal(47001)
    if not WIDTH_MIN <= width <= WIDTH_MAX:
        raise Refusal(40189)
    return int(width)


def _line_color(fields: dict[str, Any]) -> Color:
    color = _typed(fields, "line_color", dict, {})
    return _channel(color, "r"), _channel(color, "g"), _channel(color, "b")


def _channel(color: dict[str, Any], name: str) -> int:
    """The documentation shows strings, SDKs send numbers; WeChat takes both."""
    value = color.get(name, 0)
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= 3:
        value = int(value)
    if type(value) is not int:
        raise Refusal(47001)
    if not 0 <= value <= 255:
        raise Refusal(40097)
    return value
