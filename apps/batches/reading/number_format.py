"""What a number in a spreadsheet looks like: the number formats that only add zeros, words and separators."""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

GENERAL = re.compile(r"general|g/通用格式", re.IGNORECASE)
TOKEN = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[([^\]]*)\]|(.)', re.DOTALL)
DATES = frozenset("ymdhsgeb")
PLACES = frozenset("0#?.,")
# a number has 15 digits before the point at most, and arithmetic here has 28
MOST_DECIMALS = 12
# [Red], [Color 12], [红色]: a colour shows nothing
COLOUR = re.compile(
    r"(color|颜色) ?\d+|red|green|blue|black|white|cyan|magenta|yellow|[红绿蓝黑白青黄洋]{1,2}色", re.IGNORECASE
)


@dataclass
class Section:
    """One of up to four parts of a format: for positive numbers, negative ones, zero, text."""

    before: str = ""
    places: str = ""
    after: str = ""
    is_general: bool = False
    is_date: bool = False
    is_percent: bool = False
    # exponents, fractions, conditions, Chinese numerals, digits with text between them
    is_beyond: bool = False

    def add_text(self, text: str) -> None:
        if self.places or self.is_general:
            self.after += text
        else:
            self.before += text

    def add_place(self, character: str) -> None:
        self.is_beyond |= bool(self.after)
        self.places += character


@dataclass(frozen=True)
class Format:
    """A number format, read."""

    sections: tuple[Section, ...] = field(default_factory=tuple)

    @property
    def is_date(self) -> bool:
        return any(section.is_date for section in self.sections)


@lru_cache(maxsize=1000)
def read_format(code: str) -> Format:
    """The sections of a format code such as `"T-"000` or `#,##0.00;[Red]-#,##0.00`."""
    sections = [Section()]
    for word, escaped, bracket, character in TOKEN.findall(GENERAL.sub("\0", code)):
        section = sections[-1]
        if character == ";":
            sections.append(Section())
        elif bracket:
            _add_bracket(section, bracket)
        elif character:
            _add_character(section, character)
        else:
            section.add_text(word or escaped)
    return Format(tuple(sections))


def show(number: Decimal, code: str) -> tuple[str, Decimal] | None:
    """The text that `code` makes of `number`, and the number that is in that text; None where that is not certain."""
    sections = read_format(code).sections
    section, sign = sections[0], "-" if number < 0 else ""
    if number < 0 and len(sections) > 1:
        section, sign = sections[1], ""
    elif number == 0 and len(sections) > 2:
        section = sections[2]
    if section.is_date or section.is_beyond or section.is_percent:
        return None
    if section.is_general:
        digits, value = plain(abs(number)), abs(number)
    else:
        found = _digits(abs(number), section.places)
        if found is None:
            return None
        digits, value = found
    text = f"{sign}{section.before}{digits}{section.after}".strip()
    # # shows nothing of a zero
    return (text, -value if number < 0 else value) if text else None


def plain(number: Decimal) -> str:
    """All digits, without an exponent or zeros that say nothing."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def show_percentage(number: Decimal, code: str) -> str:
    """`50%` for 0.5, if that is all that `code` does; otherwise empty."""
    section = read_format(code).sections[0]
    if not section.is_percent or section.is_beyond or section.before or section.after != "%":
        return ""
    found = _digits(abs(number) * 100, section.places)
    return f"{'-' if number < 0 else ''}{found[0]}%" if found else ""


def _add_bracket(section: Section, bracket: str) -> None:
    if bracket.startswith("$"):
        # [$¥-804]: a currency and, after the hyphen, a language
        section.add_text(bracket[1:].rpartition("-")[0] if "-" in bracket else bracket[1:])
    elif set(bracket.lower()) <= set("hms"):
        section.is_date = True
    elif not COLOUR.fullmatch(bracket):
        section.is_beyond = True


def _add_character(section: Section, character: str) -> None:
    if character in ("\0", "@"):
        section.is_general = True
    elif character in PLACES:
        section.add_place(character)
    elif character == "%":
        section.is_percent = True
        section.add_text(character)
    elif character in "Ee" and section.places or character == "/" and not section.is_date:
        section.is_beyond = True
    elif character.lower() in DATES:
        section.is_date = True
    else:
        section.add_text(character)


def _digits(number: Decimal, places: str) -> tuple[str, Decimal] | None:
    whole, _point, fraction = places.partition(".")
    if not re.search("[0#?]", places) or whole.endswith(",") or "," in fraction or "." in fraction:
        return None
    if len(fraction) > MOST_DECIMALS:
        return None
    rounded = number.quantize(Decimal(1).scaleb(-len(fraction)), rounding=ROUND_HALF_UP)
    before, _point, after = format(rounded, "f").partition(".")
    before = before.lstrip("0").rjust(whole.count("0"), "0")
    least = len(fraction.rstrip("#?"))
    after = after[:least] + after[least:].rstrip("0")
    if "," in whole:
        before = re.sub(r"(?<=\d)(?=(\d{3})+$)", ",", before)
    return before + (f".{after}" if "." in places and (after or not fraction) else ""), rounded
