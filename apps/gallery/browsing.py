"""Browsing: what the address bar asks to see, and the codes that it means, page by page."""

import datetime as dt
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from apps.codes.batch_rows import BatchRows
from apps.codes.history import History, Wanted
from apps.codes.issuers import is_issuer, wanted_issuer
from apps.codes.models import IssuedCode, Kind
from apps.miniprograms.models import EnvVersion, MiniProgram

PAGE_SIZE = 60
WORDS_MAX_LENGTH = 200
# as long as the longest column
NAME_MAX_LENGTH = 1024
# The most digits that a row number of 64 bits may have for certain.
ID_MAX_DIGITS = 18
# Days that every database and time zone knows.
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2999, 12, 31)
# What each part of a Search is called in an address.
PARAMETERS = {
    "words": "q",
    "appid": "miniprogram",
    "kind": "kind",
    "env_version": "env_version",
    "opens": "page",
    "tag": "tag",
    "issuer": "issuer",
    "since": "from",
    "until": "to",
    "is_archived": "archived",
    "batch": "batch",
}


@dataclass(frozen=True)
class Page:
    """At most PAGE_SIZE codes, newest first or in the order of a batch, and whether others follow."""

    codes: list[IssuedCode]
    has_older: bool


@dataclass(frozen=True)
class Search:
    """The state of the gallery: what codes must be like (nothing: every code not archived), and where the page begins.

    `opens` is a page of the mini-program; `since` and `until` are days in the reader's time zone, both included.

    `granted` are the appids that the reader may see; None means every one.
    """

    granted: frozenset[str] | None
    words: str = ""
    appid: str = ""
    kind: str = ""
    env_version: str = ""
    opens: str = ""
    tag: str = ""
    issuer: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    is_archived: bool = False
    batch: int | None = None
    before: int | None = None

    @classmethod
    def read(cls, query: QueryDict, *, granted: frozenset[str] | None) -> "Search":
        """From an address; what makes no sense there is ignored."""
        issuer = _read_text(query, "issuer")
        return cls(
            granted=granted,
            words=_read_text(query, "q", longest=WORDS_MAX_LENGTH),
            appid=_read_text(query, "miniprogram"),
            kind=_read_choice(query, "kind", Kind.values),
            env_version=_read_choice(query, "env_version", EnvVersion.values),
            opens=_read_text(query, "page"),
            tag=_read_text(query, "tag"),
            issuer=issuer if is_issuer(issuer) else "",
            since=_read_day(query, "from"),
            until=_read_day(query, "to"),
            is_archived=query.get("archived") == "1",
            batch=read_id(query.get("batch", "")),
            before=read_id(query.get("before", "")),
        )

    @property
    def filters(self) -> dict[str, Any]:
        """What narrows it, by the names of the fields."""
        return {name: value for name in PARAMETERS if (value := getattr(self, name))}

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the page was asked for."""
        return bool(self.filters)

    @property
    def panel_count(self) -> int:
        """How many of the filters are folded away."""
        return len(self.filters.keys() - {"words", "appid", "batch"})

    def without(self, name: str) -> "Search":
        """The same from its newest code on, but for the filter `name`."""
        blank = {each.name: each.default for each in fields(self) if each.default is not MISSING}
        return replace(self, **{name: blank[name]}, before=None)

    def newest(self) -> "Search":
        """The same from its newest code on."""
        return replace(self, before=None)

    def archived(self) -> "Search":
        """The same among archived codes."""
        return replace(self, is_archived=True, before=None)

    @property
    def is_by_row(self) -> bool:
        """Whether it is in the order of a batch. Words come from their own index, which has the newest first."""
        return self.batch is not None and not self.words

    def history(self) -> History:
        """Everything that the search means, newest first, from `before` on."""
        found = History(self.wanted())
        return found if self.before is None else found.filter(id__lt=self.before)

    def wanted(self) -> Wanted:
        """Everything that the search means."""
        return Wanted(
            words=self.words,
            appids=narrowed(self.granted, self.appid),
            kind=self.kind,
            env_version=self.env_version,
            page=self.opens,
            tag=self.tag,
            issued_after=_start_of(self.since),
            issued_before=_start_of(self.until + dt.timedelta(days=1) if self.until else None),
            is_archived=self.is_archived,
            batch=self.batch,
            **wanted_issuer(self.issuer),
        )

    def page(self) -> Page:
        """The codes of this page; one more is looked for to know whether others follow, nothing is counted."""
        if self.is_by_row:
            codes, has_older = BatchRows(self.wanted()).page(PAGE_SIZE, behind=self.before)
        else:
            codes, has_older = self.history().page(PAGE_SIZE)
        return Page(codes=codes, has_older=has_older)

    def query_string(self, *, before: int | None = None) -> str:
        """The part of an address from ? on that says the same, with the page that begins below `before`."""
        parts = {PARAMETERS[name]: 1 if value is True else value for name, value in self.filters.items()}
        if before is not None:
            parts["before"] = before
        return f"?{urlencode(parts)}" if parts else ""

    @property
    def address(self) -> str:
        """`query_string` from the newest code on, for templates."""
        return self.query_string()


def _read_text(query: QueryDict, name: str, *, longest: int = NAME_MAX_LENGTH) -> str:
    # PostgreSQL refuses NUL inside a text
    return query.get(name, "").replace("\0", "").strip()[:longest]


def _read_choice(query: QueryDict, name: str, known: list[str]) -> str:
    asked = query.get(name, "")
    return asked if asked in known else ""


def _read_day(query: QueryDict, name: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(query.get(name, ""))
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _start_of(day: dt.date | None) -> dt.datetime | None:
    """The first moment of `day` in the reader's time zone."""
    return None if day is None else dt.datetime.combine(day, dt.time.min, tzinfo=timezone.get_current_timezone())


def read_id(text: str) -> int | None:
    """The row number in an address; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ID_MAX_DIGITS else None


def narrowed(granted: frozenset[str] | None, appid: str) -> frozenset[str] | None:
    """Of the appids `granted` (None: every one) the one asked for; all of them where none is."""
    if not appid:
        return granted
    return frozenset({appid}) if granted is None else granted & {appid}


def find_neighbours(code: IssuedCode, search: Search) -> tuple[int | None, int | None]:
    """The ids of the next newer and the next older code among those of `search`; before and behind it in a batch."""
    if search.is_by_row:
        return BatchRows(search.wanted()).neighbours(code)
    found = search.newest().history()
    newer, older = found.order_by("id").filter(id__gt=code.pk)[:1], found.filter(id__lt=code.pk)[:1]
    return newer[0].id if newer else None, older[0].id if older else None


def recent_pages(miniprogram: MiniProgram) -> list[str]:
    """Pages that the latest unlimited codes of `miniprogram` open, most recent first, each once."""
    unlimited = IssuedCode.objects.current().filter(miniprogram=miniprogram, kind=Kind.UNLIMITED)
    latest = unlimited.order_by("-pk").values_list("page", flat=True)
    return [page for page in dict.fromkeys(latest[:200]) if page][:20]
