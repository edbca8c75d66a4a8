"""What the words of a search may mean besides: a tag, or a mini-program by its name."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from apps.gallery.browsing import Search
from apps.gallery.choices import known_tags
from apps.gallery.counting import count_codes
from apps.miniprograms.models import MiniProgramQuerySet

# Of each kind: they stand in one line.
SHOWN = 3


@dataclass(frozen=True)
class Suggestion:
    """Another search: what it asks for instead of the words, its address, how many it finds where that is counted."""

    title: Any
    name: str
    address: str
    found: int | None = None


def suggestions_of(search: Search, *, miniprograms: MiniProgramQuerySet) -> list[Suggestion]:
    """For the words of `search`: tags that find something, then those of `miniprograms`. A few small queries."""
    if not search.words:
        return []
    return [*_tags(search), *_miniprograms(search, miniprograms)]


def _tags(search: Search) -> list[Suggestion]:
    if search.tag:
        return []
    names = _closest(known_tags(search.granted), search.words).values_list("name", flat=True)
    searches = [replace(search.without("words"), tag=name) for name in names]
    counted = [(each, count_codes(each)) for each in searches]
    return [Suggestion(_("Tag"), each.tag, each.address, found) for each, found in counted if found != 0]


def _miniprograms(search: Search, miniprograms: MiniProgramQuerySet) -> list[Suggestion]:
    if search.appid:
        return []
    found = _closest(miniprograms, search.words).values_list("name", "appid")
    searches = [(name, replace(search.without("words"), appid=appid)) for name, appid in found]
    return [Suggestion(_("Mini-program"), name, each.address) for name, each in searches]


def _closest(named: Any, words: str) -> Any:
    """The few whose name contains `words`, the very same first, then the shortest."""
    is_same = Case(When(name__iexact=words, then=Value(0)), default=Value(1), output_field=IntegerField())
    return named.filter(name__icontains=words).order_by(is_same, Length("name"), "name")[:SHOWN]
