"""A selection on paper: what may stand below a code, how a form asks for it, one document of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.codes.models import IssuedCode
from apps.errors import InvalidRequest
from apps.exports.layout import MOST_CAPTIONS
from apps.exports.sheet_options import as_query, invalid, read_layout
from apps.exports.sheets import SheetEntry, draw_sheets
from apps.selections.choosing import READ_AT_ONCE, chunks_of, codes_within_rights, read_codes

# Measured on two busy cores: 3 s, and 5 s more for the fonts of a new process. A worker draws more, in parts.
PRINTED_AT_ONCE = 100
MOST_PRINTED = 10_000
TITLE_MAX_LENGTH = 100
OPTIONS = ("columns", "size", "label", "cut_marks", "caption", "title")

CAPTIONS: dict[str, tuple[Any, Callable[[IssuedCode], str]]] = {
    "label": (gettext_lazy("Label, else scene"), lambda code: code.title),
    "scene": (gettext_lazy("Scene"), lambda code: code.scene),
    "page": (gettext_lazy("Page"), lambda code: code.page),
    "external_id": (gettext_lazy("External id"), lambda code: code.external_id),
    "tags": (gettext_lazy("Tags"), lambda code: " ".join(tag.name for tag in code.tags.all())),
    "miniprogram": (gettext_lazy("Mini-program"), lambda code: code.miniprogram.name),
    "appid": (gettext_lazy("appid"), lambda code: code.miniprogram.appid),
    "env_version": (gettext_lazy("Version"), lambda code: code.env_version),
    "kind": (gettext_lazy("Kind"), lambda code: code.kind),
    "issued_at": (gettext_lazy("Issued on"), lambda code: f"{timezone.localtime(code.issued_at):%Y-%m-%d}"),
    "issued_by": (gettext_lazy("Issued by"), lambda code: code.issued_by.partition(":")[2] or code.issued_by),
    "id": (gettext_lazy("Number"), lambda code: str(code.pk)),
}


def read_sheet(form: QueryDict, *, count: int) -> dict[str, str]:
    """What the form for sheets of `count` codes asks for, to be kept with a job. Raises InvalidRequest."""
    if count > MOST_PRINTED:
        raise InvalidRequest(
            _("At most %(most)s codes are printed at once.") % {"most": f"{MOST_PRINTED:,}"},
            advice=_("Narrow the search and print in several steps."),
        )
    query = as_query(form)
    options = {name: str(query[name]) for name in OPTIONS if query.get(name)}
    title = " ".join(options.get("title", "").split())
    if len(title) > TITLE_MAX_LENGTH or not title.isprintable():
        raise invalid("title", _("Use at most %(most)d visible characters.") % {"most": TITLE_MAX_LENGTH})
    _read(options)
    return options | {"title": title}


def draw_part(
    user_id: int, ids: Sequence[int], options: Mapping[str, str], *, go_on: Callable[[], None] = lambda: None
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


def _read(options: Mapping[str, str]) -> tuple[list[str], Any]:
    query = QueryDict(mutable=True)
    query.update(options)
    captions = [name for name in query.get("caption", "label").split(",") if name != "none"]
    unknown = [name for name in captions if name not in CAPTIONS]
    if unknown:
        facts = {"name": unknown[0][:60], "known": ", ".join(CAPTIONS)}
        raise invalid("caption", _("There is no column %(name)s; there are %(known)s.") % facts)
    if len(captions) > MOST_CAPTIONS:
        raise invalid("caption", _("At most %(most)d.") % {"most": MOST_CAPTIONS})
    return captions, read_layout(query, captions=len(captions))
