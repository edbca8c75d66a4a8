"""What every reader makes: numbered rows of named values, and the limits of a table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput
from apps.tables.cells import unguarded

MAX_COLUMNS = 60
NAME_MAX_LENGTH = 60
CELL_MAX_LENGTH = 2000

# Names that mean one of our columns, in the languages that staff write their tables in.
KNOWN_COLUMNS = {
    "scene": ("scene", "场景", "场景值", "参数"),
    "page": ("page", "path", "页面", "路径", "页面路径"),
    "label": ("label", "name", "title", "名称", "标题", "标签名"),
    "tags": ("tags", "tag", "标签", "分组"),
    "external_id": ("external_id", "external id", "外部编号", "编号"),
    "env_version": ("env_version", "env version", "version", "版本"),
    "width": ("width", "宽度", "尺寸"),
}
# What our own exports add begins like this; it is not taken back in.
OWN_PREFIX = "wxcode_"
NAMES = {alias: name for name, aliases in KNOWN_COLUMNS.items() for alias in aliases}


@dataclass(frozen=True)
class RawRow:
    """One row before it is checked; `number` as the file counts, the header being row 1."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class RowSource:
    """Rows that may be read several times, each time from the first; `rows` raises UnreadableInput."""

    rows: Callable[[], Iterator[RawRow]]


def read_names(cells: Sequence[str]) -> list[str | None]:
    """The name of each column for the titles in a header; None for one that is not read.

    A title in another language or with another word counts as ours unless our own word is there as well.
    """
    titles = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
    taken = {title.lower() for title in titles if title.lower() in KNOWN_COLUMNS}
    names: list[str | None] = []
    for title in titles:
        known = NAMES.get(title.lower())
        if known is not None and (known == title.lower() or known not in taken):
            taken.add(known)
            names.append(known)
        else:
            names.append(None if not title or title.lower().startswith(OWN_PREFIX) else title)
    return names


def read_header(cells: Sequence[str]) -> list[str | None]:
    """The names of all columns. Raises UnreadableInput for a header that is too wide, or has a name twice."""
    if len(cells) > MAX_COLUMNS:
        raise too_many_columns(len(cells))
    names = read_names(cells)
    given = [name for name in names if name]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise UnreadableInput(
            _("Two columns are called %(name)s.") % {"name": twice[0][:NAME_MAX_LENGTH]},
            advice=_("Give every column a name of its own."),
        )
    bad = next((name for name in given if len(name) > NAME_MAX_LENGTH or not name.isprintable()), None)
    if bad is not None:
        raise UnreadableInput(
            _("A column's name is too long or has invisible characters: %(name)s")
            % {"name": "".join(c for c in bad if c.isprintable())[:NAME_MAX_LENGTH]},
            advice=_("At most %(most)d characters.") % {"most": NAME_MAX_LENGTH},
        )
    return names


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names columns rather than being the first scene already."""
    # a table of paths for the limited kinds has no scene
    return not {"scene", "page"}.isdisjoint(read_names(cells))


def named_values(names: list[str | None], cells: list[str]) -> dict[str, str]:
    """A row's cells by column; empty cells and cells without a column are left out."""
    return {name: unguarded(cell) for name, cell in zip(names, cells, strict=False) if name and cell != ""}


def too_many_columns(count: int) -> UnreadableInput:
    return UnreadableInput(
        _("The table has %(count)d columns or more; at most %(most)d are read.")
        % {"count": count, "most": MAX_COLUMNS},
        advice=_("Remove the columns that are not needed, also empty ones with a format."),
    )


def no_scene_column(names: list[str | None]) -> UnreadableInput:
    found = ", ".join(name for name in names if name) or "–"
    return UnreadableInput(
        _("There is no column “scene”. Columns found: %(found)s.") % {"found": found[:300]},
        advice=_("The first row names the columns: scene, and if you like page, label, tags, external_id, width."),
    )
