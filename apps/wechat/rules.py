"""WeChat's rules for a code's parameters, checked before a call is spent, with messages that say what to change."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.errors import join_sentences
from apps.wechat.types import (
    LIMITED_PATH_MAX_LENGTH,
    PAGE_MAX_LENGTH,
    QRCODE_PATH_MAX_BYTES,
    RESERVED_WORD,
    SCENE_ALPHABET,
    SCENE_MAX_LENGTH,
    WIDTH_MAX,
    WIDTH_MIN,
)

# How many different offending characters one message names.
NAMED_CHARACTERS = 5
# and how many places of each
NAMED_PLACES = 3


def scene_problems(scene: str) -> list[str]:
    """Everything that WeChat would refuse about `scene` (40169, 40129, 85096), each with its cure."""
    if not scene:
        return [str(_("Enter a scene of 1 to %(most)d characters.") % {"most": SCENE_MAX_LENGTH})]
    problems = []
    excess = len(scene) - SCENE_MAX_LENGTH
    if excess > 0:
        problems.append(
            str(
                ngettext_lazy(
                    "%(excess)d character too long (%(length)d of %(most)d). Use a short ID as the scene, "
                    "and store the rest in your own system.",
                    "%(excess)d characters too long (%(length)d of %(most)d). Use a short ID as the scene, "
                    "and store the rest in your own system.",
                    "excess",
                )
                % {"excess": excess, "length": len(scene), "most": SCENE_MAX_LENGTH}
            )
        )
    foreign = sorted(set(scene) - SCENE_ALPHABET, key=scene.index)
    if foreign:
        problems.append(_foreign_characters(scene, foreign))
    if RESERVED_WORD in scene:
        problems.append(_reserved_word())
    return problems


def page_problems(page: str) -> list[str]:
    """Everything that WeChat would refuse about the shape of `page` (41030, 85096), each with its cure."""
    problems = []
    if page.startswith("/"):
        problems.append(str(_("Remove the leading slash: %(page)s") % {"page": page.lstrip("/") or "pages/…"}))
    if "?" in page or "#" in page:
        problems.append(
            str(_("The page can’t contain parameters. Remove everything from the ? or #, and use the scene instead."))
        )
    if any(character.isspace() or not character.isprintable() for character in page):
        problems.append(str(_("Remove the spaces and invisible characters.")))
    if len(page) > PAGE_MAX_LENGTH:
        problems.append(_too_long(page, most=PAGE_MAX_LENGTH))
    if RESERVED_WORD in page:
        problems.append(_reserved_word())
    return problems


def limited_path_problems(path: str) -> list[str]:
    """Everything that WeChat would refuse about the `path` of getwxacode (40159, 85096), each with its cure."""
    problems = _path_problems(path)
    if len(path) > LIMITED_PATH_MAX_LENGTH:
        problems.append(_too_long(path, most=LIMITED_PATH_MAX_LENGTH))
    return problems


def qrcode_path_problems(path: str) -> list[str]:
    """The same for createwxaqrcode, whose path is shorter."""
    problems = _path_problems(path)
    # "replace": half a character has no UTF-8, and is a problem of its own
    excess = len(path.encode("utf-8", "replace")) - QRCODE_PATH_MAX_BYTES
    if excess > 0:
        problems.append(
            str(
                _("%(excess)d bytes too long (the limit is %(most)d bytes in UTF-8). Use kind limited or unlimited.")
                % {"excess": excess, "most": QRCODE_PATH_MAX_BYTES}
            )
        )
    return problems


def _path_problems(path: str) -> list[str]:
    problems = []
    if not path:
        problems.append(str(_("A code of this kind needs a path, for example pages/index/index?table=7.")))
    if not path.isprintable():
        problems.append(str(_("Remove the invisible characters.")))
    if RESERVED_WORD in path:
        problems.append(_reserved_word())
    return problems


def width_problems(width: int) -> list[str]:
    """What is wrong with `width` in pixels."""
    if WIDTH_MIN <= width <= WIDTH_MAX:
        return []
    facts = {"width": width, "least": WIDTH_MIN, "most": WIDTH_MAX}
    return [str(_("Use a width from %(least)d to %(most)d pixels (not %(width)d).") % facts)]


def _too_long(text: str, *, most: int) -> str:
    facts = {"excess": len(text) - most, "most": most}
    return str(_("%(excess)d characters too long (the limit is %(most)d).") % facts)


def _foreign_characters(scene: str, foreign: list[str]) -> str:
    """Which characters stand where, counted from 1, in one sentence; then what to do about their kinds."""
    named = ", ".join(
        _("'%(character)s' at %(places)s") % {"character": _visible(character), "places": _places(scene, character)}
        for character in foreign[:NAMED_CHARACTERS]
    )
    more = len(foreign) - NAMED_CHARACTERS
    if more > 0:
        named = _("%(named)s and %(count)d more") % {"named": named, "count": more}
    sentences: list[object] = [_("Not allowed in scene: %(named)s.") % {"named": named}]
    if "%" in foreign:
        sentences.append(_("Send the text as it is, not URL-encoded."))
    if any(character.isspace() for character in foreign):
        sentences.append(_("Use - or _ instead of spaces and line breaks."))
    if any(ord(character) > 127 for character in foreign):
        sentences.append(_("Use a short ID instead of Chinese or other non-ASCII text."))
    sentences.append(_("Allowed: 0-9 A-Z a-z !#$&'()*+,/:;=?@-._~"))
    return join_sentences(*sentences)


def _places(scene: str, character: str) -> str:
    found = [str(place) for place, each in enumerate(scene, start=1) if each == character]
    return "/".join(found[:NAMED_PLACES]) + ("/…" if len(found) > NAMED_PLACES else "")


def _visible(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"


def _reserved_word() -> str:
    return str(_("Remove %(word)s: WeChat reserves this word.") % {"word": RESERVED_WORD})
