"""Every rule for a code's fields, as a function that is cheap enough for a hundred thousand rows."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.codes.models import EXTERNAL_ID_MAX_LENGTH, LABEL_MAX_LENGTH, TAG_MAX_LENGTH, Kind
from apps.codes.requests import HOME_PAGE
from apps.miniprograms.models import EnvVersion
from apps.wechat import rules

TAGS_MAX_COUNT = 20
TAG_SEPARATORS = ",;\uff0c\uff1b\u3001"


def split_tags(text: str, *, also: str = "") -> list[str]:
    """The tags in one text, with commas or semicolons between them, Chinese ones as well, or `also`; each once."""
    return list(dict.fromkeys(filter(None, map(str.strip, re.split(f"[{TAG_SEPARATORS}{also}]", text)))))


def find_field_problems(fields: Mapping[str, object]) -> dict[str, list[str]]:
    """What is wrong with `fields` (scene, page, width, env_version, label, tags, external_id: those that are given),
    by field, each with its cure; the same sentences as for a single code."""
    found = {name: check(value) for name, value in fields.items() if (check := CHECKS.get(name)) is not None}
    return {name: problems for name, problems in found.items() if problems}


def find_kind_problems(data: object) -> dict[str, list[str]]:
    """What `data`, the body of a request for one code, lacks or has too much for its kind, by field."""
    if not isinstance(data, Mapping):
        return {}
    kind = data.get("kind") or Kind.UNLIMITED.value
    foreign = FOREIGN_FIELDS.get(kind, {}) if isinstance(kind, str) else None
    if foreign is None:
        return {}
    found = {name: [str(text % {"kind": kind})] for name, text in foreign.items() if not _is_empty(data.get(name))}
    if kind == Kind.UNLIMITED and _is_empty(data.get("scene")):
        found["scene"] = rules.scene_problems("")
    check = PATH_CHECKS.get(kind)
    if check is not None and (not data.get("path") or isinstance(data["path"], str)):
        problems = check(data.get("path") or "")
        found |= {"path": problems} if problems else {}
    return found


def find_page_problems(page: str) -> list[str]:
    """What is wrong with `page` as a request has it, where `/` asks for the home page."""
    return [] if page == HOME_PAGE else rules.page_problems(page)


def _is_empty(value: object) -> bool:
    return value is None or value == ""


def _scene(value: object) -> list[str]:
    return rules.scene_problems(str(value))


def _page(value: object) -> list[str]:
    return find_page_problems(str(value))


def _width(value: object) -> list[str]:
    return rules.width_problems(value) if isinstance(value, int) else [str(_("Use a whole number of pixels."))]


def _env_version(value: object) -> list[str]:
    if value in EnvVersion.values:
        return []
    return [str(_("Use one of %(known)s.") % {"known": ", ".join(EnvVersion.values)})]


def _label(value: object) -> list[str]:
    return _text(str(value), longest=LABEL_MAX_LENGTH)


def _external_id(value: object) -> list[str]:
    return _text(str(value), longest=EXTERNAL_ID_MAX_LENGTH)


def _tags(value: object) -> list[str]:
    tags = [str(tag) for tag in value] if isinstance(value, Iterable) else []
    problems = [problem for tag in tags for problem in _text(tag, longest=TAG_MAX_LENGTH)]
    if len(tags) > TAGS_MAX_COUNT:
        problems.append(str(_("At most %(most)d tags.") % {"most": TAGS_MAX_COUNT}))
    return problems


def _text(text: str, *, longest: int) -> list[str]:
    if len(text) > longest:
        return [str(_("%(excess)d characters too long (the limit is %(most)d).") % _excess(text, longest))]
    if not text.isprintable():
        return [str(_("Remove the line breaks and invisible characters."))]
    return []


def _excess(text: str, longest: int) -> dict[str, int]:
    return {"excess": len(text) - longest, "most": longest}


NO_SCENE = _("Kind %(kind)s has no scene: put parameters into path, or use kind unlimited.")
USE_PATH = _("Kind %(kind)s uses path instead, which can contain a query.")
USE_PAGE = _("Kind %(kind)s uses page, with parameters in scene.")
NOT_CHECKED = _("Kind %(kind)s doesn’t support check_path. Omit it.")
NOT_DRAWN = _("Kind %(kind)s supports only path and width. Omit this, or use kind limited or unlimited.")
PATH_FOREIGN = {"scene": NO_SCENE, "page": USE_PATH, "check_path": NOT_CHECKED}
FOREIGN_FIELDS: dict[str, dict[str, Any]] = {
    Kind.UNLIMITED.value: {"path": USE_PAGE},
    Kind.LIMITED.value: PATH_FOREIGN,
    Kind.QRCODE.value: PATH_FOREIGN
    | dict.fromkeys(("env_version", "auto_color", "line_color", "is_hyaline"), NOT_DRAWN),
}
PATH_CHECKS = {Kind.LIMITED.value: rules.limited_path_problems, Kind.QRCODE.value: rules.qrcode_path_problems}
CHECKS = {
    "scene": _scene,
    "page": _page,
    "width": _width,
    "env_version": _env_version,
    "label": _label,
    "external_id": _external_id,
    "tags": _tags,
}
