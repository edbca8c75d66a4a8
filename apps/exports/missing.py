"""Characters that the fonts of the sheets do not have: a box on paper, and told before anything is printed."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from apps.exports.fonts import Fonts, load_fonts

# U+25A1, which every Chinese font has
BOX = "□"
# Latin and Chinese that each of the fonts has: to load a font takes seconds in a new process
SURE = re.compile(r"[\x20-\x7e\xa0-\xac\xae-\xff\u3001-\u3003\u4e00-\u9fa5\uff01-\uff5e]+")
NAMED = 8


@dataclass(frozen=True)
class Missing:
    """How many codes have such characters below them, and the first of these."""

    count: int
    characters: list[str]


def find_missing(captions: Iterable[Iterable[object]]) -> Missing | None:
    """What will be a box on paper, of the texts below each of some codes; None where all can be drawn."""
    count, found = 0, dict[str, None]()
    for texts in captions:
        doubtful = SURE.sub("", unicodedata.normalize("NFC", "".join(map(str, texts))))
        missing = [each for each in doubtful if is_missing(each, load_fonts())] if doubtful else []
        count += bool(missing)
        found |= dict.fromkeys(missing)
    return Missing(count, list(found)[:NAMED]) if count else None


def with_boxes(text: str, fonts: Fonts) -> str:
    """`text` as it can be drawn: a box for each character that no font has, nothing for marks that are invisible."""
    if not SURE.sub("", text):
        return text
    whole = unicodedata.normalize("NFC", text)
    return "".join(BOX if is_missing(each, fonts) else each for each in whole if fonts.has(each) or not _is_mark(each))


def is_missing(character: str, fonts: Fonts) -> bool:
    """Whether something is lost. Script that runs from the right is: its letters would stand apart and backwards."""
    if _is_mark(character) or character.isspace():
        return False
    return unicodedata.bidirectional(character) in ("R", "AL") or not fonts.has(character)


def _is_mark(character: str) -> bool:
    """Whether it only joins or chooses shapes: joiners, directions, variation selectors."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"
