"""Browsing: what the address bar asks to see, and the codes that it means, page by page."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from apps.codes.history import History, Wanted
from apps.codes.models import IssuedCode
from apps.miniprograms.models import MiniProgram

PAGE_SIZE = 60
WORDS_MAX_LENGTH = 200
# The most digits that a row number of 64 bits may have for certain.
ID_MAX_DIGITS = 18


@dataclass(frozen=True)
class Page:
    """At most PAGE_SIZE codes, newest first, and whether older ones follow."""

    codes: list[IssuedCode]
    has_older: bool


@dataclass(frozen=True)
class Search:
    """The state of the gallery: words, one mini-program, one batch (none: everything), and where the page begins.

    `granted` are the appids that the reader may see; None means every one.
    """

    granted: frozenset[str] | None
    words: str = ""
    appid: str = ""
    before: int | None = None
    batch: int | None = None

    @classmethod
    def read(cls, query: QueryDict, *, granted: frozenset[str] | None) -> "Search":
        """From an address; what makes no sense there is ignored."""
        return cls(
            granted=granted,
            # PostgreSQL refuses NUL inside a text
            words=query.get("q", "").replace("\0", "").strip()[:WORDS_MAX_LENGTH],
            appid=query.get("miniprogram", "").replace("\0", "").strip()[:WORDS_MAX_LENGTH],
            before=read_id(query.get("before", "")),
            batch=read_id(query.get("batch", "")),
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the page was asked for."""
        return bool(self.words or self.appid or self.batch)

    def history(self) -> History:
        """Everything that the search means, newest first, from `before` on."""
        found = History(Wanted(words=self.words, appids=narrowed(self.granted, self.appid), batch=self.batch))
        return found if self.before is None else found.filter(id__lt=self.before)

    def page(self) -> Page:
        """The codes of this page; one more is looked for to know whether others follow, nothing is counted."""
        codes, has_older = self.history().page(PAGE_SIZE)
        return Page(codes=codes, has_older=has_older)

    def query_string(self, *, before: int | None = None) -> str:
        """The part of an address from ? on that says the same, with the page that begins below `before`."""
        parts = {"q": self.words, "miniprogram": self.appid, "batch": self.batch, "before": before}
        given = {name: value for name, value in parts.items() if value}
        return f"?{urlencode(given)}" if given else ""


def read_id(text: str) -> int | None:
    """The row number in an address; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= ID_MAX_DIGITS else None


def narrowed(granted: frozenset[str] | None, appid: str) -> frozenset[str] | None:
    """Of the appids `granted` (None: every one) the one asked for; all of them where none is."""
    if not appid:
        return granted
    return frozenset({appid}) if granted is None else granted & {appid}


def find_neighbours(code: IssuedCode, *, granted: frozenset[str] | None) -> tuple[int | None, int | None]:
    """The ids of the next newer and the next older code of `granted` that are not archived."""
    current = History(Wanted(appids=granted))
    newer = current.order_by("id").filter(id__gt=code.pk)[:1]
    older = current.filter(id__lt=code.pk)[:1]
    return newer[0].id if newer else None, older[0].id if older else None


def recent_pages(miniprogram: MiniProgram) -> list[str]:
    """Pages that the latest codes of `miniprogram` open, most recent first, each once."""
    latest = IssuedCode.objects.current().filter(miniprogram=miniprogram).order_by("-pk").values_list("page", flat=True)
    return [page for page in dict.fromkeys(latest[:200]) if page][:20]
