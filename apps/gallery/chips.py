"""Chips: every filter of a search in words, with the address of the search without it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from apps.batches.models import CodeBatch
from apps.codes.models import Kind
from apps.gallery.browsing import Search
from apps.gallery.forms import KINDS_IN_SHORT, VERSIONS_IN_SHORT
from apps.miniprograms.models import EnvVersion, MiniProgram

TITLES: dict[str, Any] = {
    "words": _("Search"),
    "appid": _("Mini-program"),
    "kind": _("Kind"),
    "env_version": _("Version"),
    "opens": _("Page"),
    "tag": _("Tag"),
    "issuer": _("Created by"),
    "since": _("From"),
    "until": _("Until"),
    "is_archived": _("Archive"),
    "batch": _("Batch"),
}


class Chip(NamedTuple):
    """One filter: what it is called, what it asks for, and the search without it."""

    name: str
    title: Any
    text: Any
    rest: Search


def chips_of(search: Search) -> list[Chip]:
    """Those of the filters that are on, in a steady order."""
    return [
        Chip(
            name, TITLES[name], WORDINGS[name](value, search) if name in WORDINGS else str(value), search.without(name)
        )
        for name, value in search.filters.items()
    ]


def _miniprogram(appid: str, search: Search) -> str:
    """Its name, where the reader may know it."""
    if search.granted is not None and appid not in search.granted:
        return appid
    names = MiniProgram.objects.filter(appid=appid).values_list("name", flat=True)
    return names.first() or appid


def _batch(pk: int, search: Search) -> str:
    batches = CodeBatch.objects.filter(pk=pk)
    if search.granted is not None:
        batches = batches.filter(miniprogram__appid__in=search.granted)
    return batches.values_list("name", flat=True).first() or str(pk)


def _issuer(label: str, _search: Search) -> str:
    return label.partition(":")[2]


WORDINGS: dict[str, Callable[[Any, Search], Any]] = {
    "appid": _miniprogram,
    "kind": lambda kind, _search: KINDS_IN_SHORT[Kind(kind)],
    "env_version": lambda version, _search: VERSIONS_IN_SHORT[EnvVersion(version)],
    "issuer": _issuer,
    "is_archived": lambda _is_archived, _search: _("archived only"),
    "batch": _batch,
}
