"""How facts of a code are worded on the gallery's pages."""

from typing import Any

from django import template

from apps.codes.models import IssuedCode, Kind
from apps.gallery.forms import KINDS_IN_SHORT, VERSIONS_IN_SHORT
from apps.miniprograms.labels import name_in
from apps.miniprograms.models import EnvVersion

register = template.Library()

# Rec. 601 luma, 0 to 255: lines lighter than this vanish on white.
LIGHT = 170


@register.filter
def issuer_name(code: IssuedCode) -> str:
    """`anna` for `staff:anna`."""
    return person_name(code.issued_by)


@register.filter
def person_name(label: str) -> str:
    """`anna` for `staff:anna`."""
    return name_in(label)


@register.filter
def kind_word(kind: str) -> Any:
    """`unlimited`, in the reader's language."""
    return KINDS_IN_SHORT[Kind(kind)]


@register.filter
def version_word(env_version: str) -> Any:
    """`release`, in the reader's language."""
    return VERSIONS_IN_SHORT[EnvVersion(env_version)]


@register.filter
def media_name(code: IssuedCode) -> str:
    """`JPEG` for `image/jpeg`."""
    return code.media_type.rpartition("/")[2].upper()


@register.filter
def ground(code: IssuedCode) -> str:
    """The class of the ground that the picture is shown on: white, or what makes a transparent one visible."""
    if not code.is_hyaline:
        return "plate"
    red, green, blue = (int(code.line_color[i : i + 2], 16) for i in (1, 3, 5))
    is_light = not code.auto_color and 0.299 * red + 0.587 * green + 0.114 * blue > LIGHT
    return "plate plate-dark" if is_light else "plate plate-clear"


@register.filter
def as_reissued(code: IssuedCode) -> str:
    """The end of a picture's address: browsers keep pictures for ever, and a reissue brings another one."""
    return f"&version={code.reissues}" if code.reissues else ""
