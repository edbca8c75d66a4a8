"""The sizes in which staff download a code: smaller ones are copies, larger ones are asked from WeChat."""

from typing import Any, NamedTuple

from apps.codes.changes import find_same_codes
from apps.codes.lifetime import codes_left
from apps.codes.models import PATH_KINDS, IssuedCode
from apps.miniprograms.models import MiniProgram

SIZES = (280, 430, 860, 1280)


class Larger(NamedTuple):
    """A size that WeChat would have to draw, or the other code that has it already."""

    width: int
    same: IssuedCode | None


def sizes_of(code: IssuedCode) -> dict[str, Any]:
    """For the template: smaller and larger sizes, earlier pictures, and what a picture from WeChat costs."""
    # where WeChat drew less than it was asked for, asking for that again brings nothing
    widths = [width for width in SIZES if width > max(code.width, code.image_width)]
    same = find_same_codes(code, widths=widths)
    facts: dict[str, Any] = {
        "smaller": [width for width in SIZES if width < code.image_width],
        "larger": [Larger(width, same.get(width)) for width in widths],
        "earlier": list(code.earlier_pictures.all()) if code.reissues else [],
    }
    return facts | pool_of(code.kind, code.miniprogram)


def pool_of(kind: str, miniprogram: MiniProgram) -> dict[str, Any]:
    """For the template: how many of the 100,000 are left; nothing for kinds that spend none."""
    return {"pool_left": codes_left(miniprogram), "spends": True} if kind in PATH_KINDS else {}
