"""Sentences that were stored in the language of their day, told again in the active one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, find
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, to_locale

from apps.wechat.errcodes import ALL_ERRCODES, ErrorCode, find_errcode

# WeChat hides the end of an IPv4 address in some answers: 120.46.*.*
IPV4 = r"[0-9]{1,3}(?:\.(?:[0-9]{1,3}|\*)){3}"
SEEN_IP = re.compile(rf"(?:{IPV4}|(?:[0-9a-fA-F]{{0,4}}:){{2,7}}[0-9a-fA-F]{{0,4}})(?=[.。 ]*$)")
# the file of LOCALE_PATHS with the wordings of former versions
FORMER = "former.json"
PLACEHOLDER = re.compile(r"%\((?P<percent>\w+)\)[sd]|\{(?P<brace>\w+)\}")
# a form with less text around its placeholders would fit by accident: "{count} of {limit}"
LETTERS = 8
CHINESE_LETTERS = 4
# a sentence inside of a sentence inside of a sentence
DEPTH = 3


@dataclass(frozen=True)
class Form:
    """One wording of a message with placeholders; `landmark` is its longest text between them."""

    message: str
    landmark: str
    pattern: re.Pattern[str]


def retold(text: str, *, depth: int = DEPTH) -> str:
    """`text` in the active language where it is one of our messages in any language; else as it is."""
    if not text or depth == 0:
        return text
    plain, forms = _known()
    if text in plain:
        return gettext(plain[text])
    if text in (told := _told_by_errcodes()):
        entry, name = told[text]
        return str(getattr(entry, name))
    for form in forms:
        if form.landmark in text and (found := form.pattern.fullmatch(text)):
            facts = {name: retold(value, depth=depth - 1) for name, value in found.groupdict().items()}
            return _fill(gettext(form.message), facts)
    return text


def tell_cause(errcode: int | None, detail: str) -> str:
    """Why it failed, in the active language: what `errcode` means, else the stored `detail`.

    The number outlives every wording: rows that were stored years ago are told in the words of today.
    """
    known = find_errcode(errcode)
    if known is None:
        return retold(detail)
    if seen_ip := SEEN_IP.search(detail):
        return gettext("{detail} WeChat sees this server’s IP address as {ip}.").format(
            detail=known.meaning, ip=seen_ip[0]
        )
    return known.meaning


def tell_cure(errcode: int | None, advice: str) -> str:
    """What to do about it, in the active language: the cure of `errcode`, else the stored `advice`.

    An advice that says more than that cure, such as how many rows were refused in a row, is told whole.
    """
    known, told = find_errcode(errcode), retold(advice)
    return told if known is None or known.cure in told else known.cure


def _fill(message: str, facts: dict[str, str]) -> str:
    def put(found: re.Match[str]) -> str:
        name = found["percent"] or found["brace"]
        return facts[name] if name else "%"

    # only a message that is filled in by % writes that sign twice
    return re.sub(rf"{PLACEHOLDER.pattern}|%%" if "%(" in message else PLACEHOLDER.pattern, put, message)


@lru_cache(maxsize=1)
def _known() -> tuple[dict[str, str], list[Form]]:
    """Every wording without placeholders with its message, and those with some, the most telling first."""
    plain, forms = {}, []
    for message, wording in _wordings():
        if not PLACEHOLDER.search(wording):
            plain[wording] = message
        elif form := _form(message, wording):
            forms.append(form)
    return plain, sorted(forms, key=lambda form: -len(form.landmark))


@lru_cache(maxsize=1)
def _told_by_errcodes() -> dict[str, tuple[ErrorCode, str]]:
    """Every text of the table of errcodes with its entry, and which of the entry's texts it is."""
    return {
        getattr(entry, f"{name}_{language}"): (entry, name)
        for entry in ALL_ERRCODES.values()
        for name in ("meaning", "cure")
        for language in ("en", "zh")
    }


def _wordings() -> Iterator[tuple[str, str]]:
    for place in settings.LOCALE_PATHS:
        former = json.loads((Path(place) / FORMER).read_text(encoding="utf-8"))
        yield from ((message, wording) for wording, message in former.items())
    for message, wording in _catalogued():
        yield message, wording
        if "’" in wording:
            # the apostrophe of former versions
            yield message, wording.replace("’", "'")


def _catalogued() -> Iterator[tuple[str, str]]:
    for language, _name in settings.LANGUAGES:
        for place in settings.LOCALE_PATHS:
            path = find("django", str(place), [to_locale(language)])
            if path is None:
                continue
            with open(path, "rb") as file:
                # the standard library has no public way to walk through a catalogue
                catalogue: dict[Any, str] = vars(GNUTranslations(file))["_catalog"]
            for message, wording in catalogue.items():
                # a pair is a plural: nothing of that kind is stored
                if isinstance(message, str) and message:
                    yield message, message
                    yield message, wording


def _form(message: str, wording: str) -> Form | None:
    found = list(PLACEHOLDER.finditer(wording))
    names = [each["percent"] or each["brace"] for each in found]
    ends = [0, *(each.end() for each in found)]
    starts = [*(each.start() for each in found), len(wording)]
    # a percent sign is written twice in a message that is filled in by %
    texts = [wording[end:start].replace("%%", "%") for end, start in zip(ends, starts, strict=True)]
    landmark = max(texts, key=len)
    if len(landmark.strip()) < (LETTERS if landmark.isascii() else CHINESE_LETTERS) or len(set(names)) < len(names):
        return None
    pattern = re.escape(texts[0])
    for name, text in zip(names, texts[1:], strict=True):
        pattern += f"(?P<{name}>.+?){re.escape(text)}"
    return Form(message, landmark, re.compile(pattern, re.DOTALL))
