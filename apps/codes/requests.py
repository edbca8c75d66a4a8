"""CodeRequest: what a caller asks for with every default filled in, and the digest that makes equal requests equal."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from apps.codes.models import PATH_KINDS, Door, Kind
from apps.miniprograms.models import MiniProgram
from apps.wechat.types import WIDTH_DEFAULT, LimitedCode, LineColor, QrCode, UnlimitedCode

# how a request asks for the mini-program's home page: WeChat takes no page that begins with a slash, so it is none
HOME_PAGE = "/"
# empty, these say nothing: SDKs send every field of a body
EMPTY_SAYS_NOTHING = ("kind", "env_version", "page", "path")


@dataclass(frozen=True)
class CodeRequest:
    """One code to issue: WeChat's parameters, then what only our history keeps."""

    scene: str
    page: str
    env_version: str
    check_path: bool
    kind: str = Kind.UNLIMITED.value
    width: int = WIDTH_DEFAULT
    auto_color: bool = False
    line_color: LineColor = LineColor()
    is_hyaline: bool = False
    label: str = ""
    tags: tuple[str, ...] = ()
    external_id: str = ""


@dataclass(frozen=True)
class Issuer:
    """Who asks, through which door: what the history records."""

    label: str
    door: str = field(default=Door.API.value)
    client_id: int | None = None
    # known already where the client itself is asking
    client_name: str = ""


def code_request(miniprogram: MiniProgram, *, scene: str = "", **given: Any) -> CodeRequest:
    """A request with the mini-program's defaults for whatever `given` leaves out.

    An empty page is the default page, without one the home page; `/` is the home page always, which requests and rows
    keep as "", as WeChat has it. A trial or develop version comes with `check_path` off unless told otherwise: WeChat
    checks pages against the released version only, and would answer 41030. Kinds limited and qrcode take `path`, which
    the history keeps as `page`, and WeChat checks none of it. A colour asked for by name counts even where WeChat
    chooses by default.
    """
    given = {name: value for name, value in given.items() if value != "" or name not in EMPTY_SAYS_NOTHING}
    kind = given.get("kind") or Kind.UNLIMITED.value
    env_version = given.get("env_version") or miniprogram.env_version
    defaults: dict[str, Any] = {"width": miniprogram.width, "env_version": env_version}
    if kind == Kind.QRCODE:
        defaults["env_version"] = "release"
    else:
        defaults |= {
            "auto_color": miniprogram.auto_color and "line_color" not in given,
            "line_color": read_color(miniprogram.line_color),
            "is_hyaline": miniprogram.is_hyaline,
        }
    if kind in PATH_KINDS:
        defaults["check_path"] = False
        given = {name: value for name, value in given.items() if name != "path"} | {"page": given["path"]}
    else:
        defaults |= {"page": miniprogram.default_page, "check_path": miniprogram.checks_path_of(env_version)}
        if given.get("page") == HOME_PAGE:
            given["page"] = ""
    if kind == Kind.QRCODE:
        given = {name: value for name, value in given.items() if name != "env_version"}
    return CodeRequest(scene="" if kind in PATH_KINDS else scene, **(defaults | given))


def page_to_ask(page: str, miniprogram: MiniProgram) -> str:
    """How a request asks for `page` as a row has it: empty would be the default page."""
    return page or (HOME_PAGE if miniprogram.default_page else "")


def line_color(request: CodeRequest) -> LineColor:
    """The colour that counts: WeChat ignores it with auto_color, so it must not make two requests different."""
    return LineColor() if request.auto_color else request.line_color


def wire_code(request: CodeRequest) -> UnlimitedCode | LimitedCode | QrCode:
    """The part that WeChat is told."""
    if request.kind == Kind.QRCODE:
        return QrCode(path=request.page, width=request.width)
    if request.kind == Kind.LIMITED:
        return LimitedCode(
            path=request.page,
            env_version=request.env_version,
            width=request.width,
            auto_color=request.auto_color,
            line_color=line_color(request),
            is_hyaline=request.is_hyaline,
        )
    return UnlimitedCode(
        scene=request.scene,
        page=request.page,
        check_path=request.check_path,
        env_version=request.env_version,
        width=request.width,
        auto_color=request.auto_color,
        line_color=line_color(request),
        is_hyaline=request.is_hyaline,
    )


def digest(request: CodeRequest) -> str:
    """sha256 over kind and WeChat's parameters: equal for requests that ask WeChat for the same picture.

    A leading slash of a path makes no difference: WeChat takes both spellings and would count two codes.
    """
    return _digest(request, request.page.lstrip("/") if request.kind in PATH_KINDS else "")


def slashed_digest(request: CodeRequest) -> str | None:
    """The digest of a path that was stored with its leading slash while that still made another code; else None."""
    return _digest(request, "/" + request.page.lstrip("/")) if request.kind in PATH_KINDS else None


def _digest(request: CodeRequest, path: str) -> str:
    code = wire_code(request)
    # what asdict makes of it, in a tenth of the time: a batch does this for every row, twice
    canonical: dict[str, object] = {"kind": request.kind, **{name: getattr(code, name) for name in code.__slots__}}
    if "path" in canonical:
        canonical["path"] = path
    if "line_color" in canonical:
        color = line_color(request)
        canonical["line_color"] = {"r": color.r, "g": color.g, "b": color.b}
    return sha256(json.dumps(canonical, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_color(stored: str) -> LineColor:
    """The colour for how the history writes it: `#006eff`."""
    return LineColor(*(int(stored[1 + 2 * part : 3 + 2 * part], 16) for part in range(3)))


def stored_color(color: LineColor) -> str:
    """How the history writes a colour."""
    return f"#{color.r:02x}{color.g:02x}{color.b:02x}"
