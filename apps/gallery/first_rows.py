"""How the first rows of a table were read: below the names of our fields, for people to compare with their file."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from apps.batches.ordering import Report
from apps.codes.models import PATH_KINDS

FURTHER_SHOWN = 5
TITLES = {
    "scene": _("Scene"),
    "label": _("Label"),
    "page": _("Page"),
    "env_version": _("Version"),
    "width": _("Width in pixels"),
    "tags": _("Tags"),
    "external_id": _("External id"),
}


class FirstRows(NamedTuple):
    """What titles of the file were taken for, our titles, and of each row its number and its cells below them."""

    taken: list[tuple[str, Any]]
    titles: list[Any]
    rows: list[tuple[int, list[tuple[Any, str]]]]


def first_rows_of(report: Report, *, defaults: Mapping[str, Any]) -> FirstRows | None:
    """Those of `report` in the columns that one of them uses; None where there are none."""
    drafts = report.first_rows
    if not drafts:
        return None
    has_path = drafts[0].request.kind in PATH_KINDS
    titles = {name: title for name, title in TITLES.items() if not (has_path and name == "scene")}
    titles |= {"page": _("Path")} if has_path else {}
    rows = [{name: _text(getattr(draft.request, name)) for name in titles} for draft in drafts]
    used = [name for name in titles if any(_tells(name, row[name], defaults) for row in rows)]
    further = list(dict.fromkeys(name for draft in drafts for name in draft.extra))[:FURTHER_SHOWN]
    shown = [titles[name] for name in used] + further
    cells = [
        [*(row[name] for name in used), *(draft.extra.get(name, "") for name in further)]
        for draft, row in zip(drafts, rows, strict=True)
    ]
    # a title that is our own word needs no explanation
    taken = [(title, titles[name]) for title, name in report.titles if name in titles and title.lower() != name]
    return FirstRows(
        taken,
        shown,
        [(draft.row, list(zip(shown, row, strict=True))) for draft, row in zip(drafts, cells, strict=True)],
    )


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _tells(name: str, text: str, defaults: Mapping[str, Any]) -> bool:
    """Whether a column is worth its room: width and version only where the rows have their own."""
    return bool(text) and (name not in ("width", "env_version") or text != str(defaults.get(name)))
