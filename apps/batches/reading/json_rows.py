"""Rows inside a JSON document, read piece by piece from a file on disk."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
from django.utils.translation import gettext_lazy as _

from apps.api.errors import MalformedJson
from apps.batches.reading.columns import read_header
from apps.batches.reading.rows import RawRow, RowSource

ROWS = "rows"
# of everything beside the rows
MAX_EVENTS = 50_000
# rows usually have the same keys in the same order
MAX_SHAPES = 1000


def read_head(file: BinaryIO) -> tuple[dict[str, Any], bool]:
    """Everything but `rows` of the object in `file`, and whether it has rows. Raises MalformedJson."""
    file.seek(0)
    builder, events, has_rows = ijson.ObjectBuilder(), 0, False
    try:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if prefix == ROWS or prefix.startswith(f"{ROWS}."):
                has_rows = True
                continue
            if prefix == "" and event == "map_key" and value == ROWS:
                continue
            events += 1
            if events > MAX_EVENTS:
                raise MalformedJson(_("Only “rows” can be this long."))
            builder.event(event, value)
    except ijson.JSONError as error:
        raise _malformed() from error
    head = builder.value
    if not isinstance(head, dict):
        raise MalformedJson(_("Send an object, for example {“appid”: …, “name”: …, “rows”: [ … ]}."))
    return head, has_rows


def json_source(file: BinaryIO) -> RowSource:
    """The objects in `rows`, numbered from 1."""
    return RowSource(lambda: _read(file))


def _read(file: BinaryIO) -> Iterator[RawRow]:
    file.seek(0)
    names_of: dict[tuple[str, ...], list[str | None]] = {}
    try:
        for number, row in enumerate(ijson.items(file, f"{ROWS}.item", use_float=True), start=1):
            # what is no object has no column: the row's own check says that its scene is missing
            row = row if isinstance(row, dict) else {}
            titles = tuple(row)
            if titles not in names_of:
                if len(names_of) > MAX_SHAPES:
                    names_of.clear()
                names_of[titles] = read_header(titles)
            values = zip(names_of[titles], row.values(), strict=True)
            yield RawRow(number, {name: value for name, value in values if name and value not in ("", None)})
    except ijson.JSONError as error:
        raise _malformed() from error


def _malformed() -> MalformedJson:
    return MalformedJson(_("The body is not valid JSON, or is incomplete."))
