"""Sentences of the audit trail: stored in English with their facts apart, told in the reader's language.

A fact is a text or a number as it is, a `word` of the catalogue, a `moment`, or `names` of several; none is a secret.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

Fact = str | int | dict[str, Any]
Sentence = dict[str, Any]

MOST_CHARACTERS = 120
MOST_NAMES = 20


def sentence(text: str, **facts: Fact) -> Sentence:
    """`text` is English with a place for each fact, and marked by gettext_noop."""
    return {"event": text, "facts": {name: _short(fact) for name, fact in facts.items()}}


def word(text: str) -> Fact:
    """Something that the catalogue has, like the name of a field."""
    return {"word": text}


def moment(at: datetime) -> Fact:
    return {"at": at.isoformat(timespec="seconds")}


def names(found: Iterable[Fact]) -> Fact:
    return {"names": [_short(fact) for fact in found]}


def as_message(*sentences: Sentence) -> str:
    """What a LogEntry keeps; legible for the search of the trail, whatever the language."""
    return json.dumps(sentences, ensure_ascii=False)


def tell(change_message: str) -> list[str] | None:
    """The sentences in the active language; None if the entry was not written by `as_message`."""
    if not change_message.startswith('[{"event"'):
        return None
    try:
        return [_told(each) for each in json.loads(change_message)]
    except (ValueError, TypeError, KeyError):
        return None


def name_of_field(label: str) -> str:
    """A field's name in the active language; forms write it with a capital letter, which the catalogue may not have."""
    told, plain = gettext(label), label[:1].lower() + label[1:]
    return told if told != label or gettext(plain) == plain else gettext(plain)


def _told(stored: Sentence) -> str:
    facts = {name: _fact(fact) for name, fact in stored["facts"].items()}
    return gettext(stored["event"]) % facts


def _fact(fact: Any) -> Any:
    if not isinstance(fact, dict):
        return fact
    if "word" in fact:
        return name_of_field(fact["word"])
    if "at" in fact:
        return f"{timezone.localtime(datetime.fromisoformat(fact['at'])):%Y-%m-%d %H:%M}"
    told = [str(_fact(each)) for each in fact["names"][:MOST_NAMES]]
    return gettext(", ").join([*told, "…"] if len(fact["names"]) > MOST_NAMES else told)


def _short(fact: Fact) -> Fact:
    if isinstance(fact, str) and len(fact) > MOST_CHARACTERS:
        return f"{fact[:MOST_CHARACTERS]}…"
    return fact
