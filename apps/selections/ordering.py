"""In which order the codes of a selection are printed and zipped."""

import re
from typing import Any

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.exports.sheet_options import invalid
from apps.selections.choosing import chunks_of, codes_within_rights
from apps.selections.models import Selection

# the first of these that a code has
COLUMNS = {"label": ("label", "scene", "page"), "scene": ("scene", "page", "label")}
DIGITS = re.compile(r"(\d+)")


class Order(models.TextChoices):
    """What the codes are sorted by."""

    LABEL = "label", _("Label (or scene)")
    SCENE = "scene", _("Scene")
    ROW = "row", _("Batch row")
    NEWEST = "newest", _("Newest first")


def default_order(selection: Selection) -> Order:
    """By row where the codes of one batch were chosen, else by label."""
    return Order.LABEL if _batch_of(selection) is None else Order.ROW


def read_order(selection: Selection, asked: str) -> Order:
    """The order that is asked for, `default_order` where none is. Raises InvalidRequest."""
    if asked and asked not in Order.values:
        raise invalid("order", _("Use %(known)s, or omit it.") % {"known": " / ".join(Order.values)})
    return Order(asked) if asked else default_order(selection)


def sort_ids(selection: Selection, order: Order) -> list[int]:
    """The ids of `selection` in `order`. Those that the user may not see, or that are gone, come last.

    50,000 ids are sorted in a second: nothing is kept of the codes but what they are sorted by.
    """
    if order == Order.NEWEST:
        return sorted(selection.code_ids, reverse=True)
    keys = _row_keys(selection) if order == Order.ROW else _text_keys(selection, order)
    return sorted(selection.code_ids, key=lambda pk: (pk not in keys, keys.get(pk, ()), pk))


def natural_key(text: str) -> tuple[Any, ...]:
    """Sorts as people do: numbers by their value, so that “Table 2” comes before “Table 10”, and the rest as text."""
    parts: list[Any] = DIGITS.split(text.casefold())
    # texts and numbers take turns, so that only like is compared with like
    parts[1::2] = map(int, parts[1::2])
    return tuple(parts), text


def _text_keys(selection: Selection, order: Order) -> dict[int, tuple[Any, ...]]:
    keys: dict[int, tuple[Any, ...]] = {}
    for chunk in chunks_of(selection.code_ids):
        codes = codes_within_rights(selection.user_id, chunk).order_by().values_list("pk", *COLUMNS[order])
        keys |= {pk: natural_key(next(filter(None, texts), "")) for pk, *texts in codes}
    return keys


def _row_keys(selection: Selection) -> dict[int, tuple[Any, ...]]:
    """The batch that was searched, or the first of each code, and the row in it; codes without a batch come last."""
    batch, keys = _batch_of(selection), dict[int, tuple[Any, ...]]()
    for chunk in chunks_of(selection.code_ids):
        codes = codes_within_rights(selection.user_id, chunk).order_by()
        for pk, of, row in codes.values_list("pk", "batch_items__batch", "batch_items"):
            key = (row is None, of != batch, of or 0, row or 0)
            keys[pk] = min(key, keys.get(pk, key))
    return keys


def _batch_of(selection: Selection) -> int | None:
    """The batch whose codes were searched."""
    asked = QueryDict((selection.search or "").removeprefix("?")).get("batch", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
