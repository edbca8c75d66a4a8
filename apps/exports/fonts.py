"""Fonts for print: a Chinese one that is embedded if the machine has one, Bitstream Vera for everything else."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

LATIN, CHINESE = "wxcode-latin", "wxcode-chinese"
# TrueType fonts under free licences, as Debian's packages and macOS install them; OpenType/CFF cannot be embedded.
PLACES = (
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/Library/Fonts/Arial Unicode.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
)
# Not embedded: phones and desktops in China bring it along, a bare Linux viewer may not.
CID_FONT = "STSong-Light"
ELLIPSIS = "…"
# where a line may end: behind a space, or beside a Chinese character unless a comma or the like would begin a line
WIDE_CHARACTER, STARTS_NO_LINE = "\u2e80-\u9fff\uff00-\uff60", "、。，：；！？）》」』”’"
BREAK = re.compile(f"(\\s|[{WIDE_CHARACTER}]|.(?=[{WIDE_CHARACTER}]))(?![{STARTS_NO_LINE}])")


@dataclass(frozen=True)
class Fonts:
    """The fonts of a document, and which of them draws a character."""

    chinese: str
    is_embedded: bool
    latin_characters: frozenset[int]
    # None where the font is the reader's own
    chinese_characters: frozenset[int] | None = None

    def has(self, character: str) -> bool:
        """Whether one of the fonts draws it."""
        if ord(character) in self.latin_characters:
            return True
        if self.chinese_characters is not None:
            return ord(character) in self.chinese_characters
        try:
            # what the font of the reader's system has at least
            character.encode("gbk")
        except UnicodeEncodeError:
            return False
        return True

    def runs(self, text: str) -> list[tuple[str, str]]:
        """`text` in pieces of one font each: (font, piece)."""
        pieces: list[tuple[str, str]] = []
        for character in text:
            font = LATIN if ord(character) in self.latin_characters else self.chinese
            if pieces and pieces[-1][0] == font:
                pieces[-1] = (font, pieces[-1][1] + character)
            else:
                pieces.append((font, character))
        return pieces

    def width(self, text: str, size: float) -> float:
        """In points."""
        return float(sum(pdfmetrics.stringWidth(piece, font, size) for font, piece in self.runs(text)))

    def shrunk(self, text: str, *, most: float, least: float, width: float) -> tuple[str, float]:
        """`text` and its size: as large as fits between `most` and `least`, cut where even the least is too large."""
        whole = self.width(text, most)
        size = most if whole <= width else max(most * width / whole, least)
        return self.fitted(text, size=size, width=width + 0.01), size

    def wrapped(self, text: str, *, size: float, width: float, lines: int) -> list[str]:
        """`text` in at most so many lines, broken between words or Chinese characters, cut where that is too few."""
        found: list[str] = []
        while len(found) < lines - 1 and self.width(text, size) > width:
            most = next(end for end in range(1, len(text) + 1) if self.width(text[: end + 1].rstrip(), size) > width)
            end = next((end for end in range(most, 0, -1) if BREAK.match(text, end - 1)), most)
            found.append(text[:end].rstrip())
            text = text[end:].lstrip()
        return [*found, self.fitted(text, size=size, width=width)]

    def fitted(self, text: str, *, size: float, width: float) -> str:
        """As much of `text` as fits, with an ellipsis for the rest."""
        if self.width(text, size) <= width:
            return text
        while text and self.width(text + ELLIPSIS, size) > width:
            text = text[:-1]
        return text + ELLIPSIS


@cache
def load_fonts() -> Fonts:
    """Registered once per process."""
    # comes with reportlab
    latin = TTFont(LATIN, "Vera.ttf")
    pdfmetrics.registerFont(latin)
    characters = frozenset(latin.face.charToGlyph)
    for place in PLACES:
        if Path(place).is_file():
            try:
                chinese = TTFont(CHINESE, place)
            except TTFError:
                continue
            pdfmetrics.registerFont(chinese)
            return Fonts(CHINESE, True, characters, frozenset(chinese.face.charToGlyph))
    pdfmetrics.registerFont(UnicodeCIDFont(CID_FONT))
    return Fonts(CID_FONT, is_embedded=False, latin_characters=characters)
