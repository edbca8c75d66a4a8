"""A selection on paper: how a form asks for it, in which order, one document of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from apps.errors import InvalidRequest
from apps.exports.captions import CAPTIONS, read_captions
from apps.exports.layout import Layout
from apps.exports.outlines import draw_test_page
from apps.exports.sheet_options import PARAMETERS, as_query, invalid, is_test_page, read_layout
from apps.exports.sheets import SheetEntry, draw_sheets
from apps.selections.choosing import READ_AT_ONCE, chunks_of, codes_within_rights, read_codes
from apps.selections.models import Selection
from apps.selections.ordering import Order, read_order, sort_ids

# Measured on two busy cores: 3 s, and 5 s more for the fonts of a new process. A worker draws more, in parts.
PRINTED_AT_ONCE = 100
MOST_PRINTED = 10_000
TITLE_MAX_LENGTH = 100
OPTIONS = (*PARAMETERS, "title")


def read_sheet(selection: Selection, form: QueryDict) -> dict[str, str]:
    """What the form for sheets of `selection` asks for, to be kept with a job. Raises InvalidRequest."""
    if selection.count > MOST_PRINTED:
        raise InvalidRequest(
            _("At most %(most)s codes are printed at once.") % {"most": f"{MOST_PRINTED:,}"},
            advice=_("Narrow the search and print in several steps."),
        )
    query = as_query(form)
    is_test_page(query)
    options = {name: str(query[name]) for name in OPTIONS if query.get(name)}
    title = " ".join(options.get("title", "").split())
    if len(title) > TITLE_MAX_LENGTH or not title.isprintable():
        raise invalid("title", _("Use at most %(most)d visible characters.") % {"most": TITLE_MAX_LENGTH})
    _read(options)
    return options | {"title": title, "order": read_order(selection, form.get("order", "")).value}


def with_ids(selection: Selection, options: Mapping[str, Any]) -> dict[str, Any]:
    """`options` and the ids in their order, which stays the same for all documents of a job."""
    return {**options, "ids": sort_ids(selection, Order(options["order"]))}


def draw_test(options: Mapping[str, Any]) -> IO[bytes] | None:
    """The page to lay over a bought sheet, where that was asked for."""
    if options.get("test_page") != "1":
        return None
    return draw_test_page(options.get("title") or _("Mini-program codes"), _read(options)[1])


def draw_part(
    user_id: int, ids: Sequence[int], options: Mapping[str, Any], *, go_on: Callable[[], None] = lambda: None
) -> tuple[IO[bytes], int]:
    """One document with those of `ids` that the user may see, and how many they are. Raises InvalidRequest.

    `go_on` is called again and again meanwhile; what it raises ends the work.
    """
    captions, layout = _read(options)
    visible = set[int]()
    for chunk in chunks_of(ids):
        visible.update(codes_within_rights(user_id, chunk).values_list("pk", flat=True))
    present = [pk for pk in ids if pk in visible]
    title = options.get("title") or _("Mini-program codes")
    return draw_sheets(title, _entries(user_id, present, captions, go_on), count=len(present), layout=layout), len(
        present
    )


def _entries(
    user_id: int, ids: Sequence[int], captions: Sequence[str], go_on: Callable[[], None]
) -> Iterator[SheetEntry]:
    for number, code in enumerate(read_codes(user_id, ids)):
        if number % READ_AT_ONCE == 0:
            go_on()
        yield SheetEntry(code, [CAPTIONS[name][1](code) for name in captions])


def _read(options: Mapping[str, Any]) -> tuple[list[str], Layout]:
    query = QueryDict(mutable=True)
    query.update({name: str(options[name]) for name in OPTIONS if name in options})
    captions = read_captions(query.get("caption"))
    return captions, read_layout(query, captions=len(captions))
