"""The descriptions of the OpenAPI document in the reader’s language: the catalogue has them by their English text."""

import re
from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext

# values that programs send and receive
NOT_TOLD = ("example", "examples", "default", "enum")
# where drf-spectacular's list of the choices of a field begins, which are translated one by one
CHOICES = re.compile(r"(?:^|\n\n)\* `")


def translate_descriptions(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular. What it is given is shared by later documents, so it is copied."""
    told: dict[str, Any] = _translated(result)
    return told


def find_descriptions(document: Any) -> Iterator[str]:
    """Every description in `document` that a translator should see."""
    if isinstance(document, dict):
        for name, value in document.items():
            if _is_description(name, value):
                if text := _parts(value)[0]:
                    yield text
            elif name not in NOT_TOLD:
                yield from find_descriptions(value)
    elif isinstance(document, list):
        for each in document:
            yield from find_descriptions(each)


def _translated(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _translated_entry(name, value) for name, value in node.items()}
    return [_translated(each) for each in node] if isinstance(node, list) else node


def _translated_entry(name: str, value: Any) -> Any:
    if _is_description(name, value):
        text, choices = _parts(value)
        # the translation of nothing is the head of the catalogue
        return gettext(text) + choices if text else choices
    return value if name in NOT_TOLD else _translated(value)


def _parts(description: Any) -> tuple[str, str]:
    text = str(description)
    choices = CHOICES.search(text)
    return (text[: choices.start()], text[choices.start() :]) if choices else (text, "")


def _is_description(name: str, value: Any) -> bool:
    return name == "description" and isinstance(value, (str, Promise))
