"""The names of a table's columns: ours in the words that staff use, and further ones of their own."""

import re
import unicodedata
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from apps.batches.errors import UnreadableInput
from apps.batches.reading.rows import MAX_COLUMNS, NAME_MAX_LENGTH, too_many_columns

# Names that mean one of our columns, in the languages that staff write their tables in.
KNOWN_COLUMNS = {
    "scene": ("scene", "scene值", "scene 值", "场景", "场景值", "参数", "場景", "場景值", "參數"),
    "page": ("page", "path", "页面", "路径", "页面路径", "頁面", "路徑", "頁面路徑"),
    "label": ("label", "name", "title", "名称", "标题", "标签名", "名稱", "標題", "標籤名"),
    "tags": ("tags", "tag", "标签", "分组", "標籤", "分組"),
    "external_id": ("external_id", "external id", "外部编号", "编号", "外部編號", "編號"),
    "env_version": ("env_version", "env version", "version", "版本"),
    "width": ("width", "宽度", "尺寸", "寬度"),
}
# What our own exports add begins like this; it is not taken back in.
OWN_PREFIX = "wxcode_"
NAMES = {alias: name for name, aliases in KNOWN_COLUMNS.items() for alias in aliases}
# “scene（必填）”, “宽度 (px)”, “【必填】场景”: a remark beside the name
BRACKETS = r"(\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】)"
REMARK = re.compile(rf"(?<=.)\s*{BRACKETS}$|^{BRACKETS}\s*(?=.)")
# forms mark what is required
MARKS = "*※:： "


def read_names(cells: Sequence[str]) -> list[str | None]:
    """The name of each column for the titles in a header; None for one that is not read.

    A title in another language or with another word counts as ours unless our own word is there as well.
    """
    titles = [_visible(cell) for cell in cells]
    words = [_word(title) for title in titles]
    taken = {word for word in words if word in KNOWN_COLUMNS}
    names: list[str | None] = []
    for title, word in zip(titles, words, strict=True):
        known = NAMES.get(word)
        if known is not None and (known == word or known not in taken):
            taken.add(known)
            names.append(known)
        else:
            names.append(None if not title or title.lower().startswith(OWN_PREFIX) else title)
    return names


def read_header(cells: Sequence[str]) -> list[str | None]:
    """The names of all columns. Raises UnreadableInput for a header that is too wide, or has a name twice."""
    names = read_names(cells)
    given = [name for name in names if name]
    if sum(name not in KNOWN_COLUMNS for name in given) > MAX_COLUMNS:
        raise too_many_columns(len(given))
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise UnreadableInput(
            _("Two columns are called %(name)s.") % {"name": twice[0][:NAME_MAX_LENGTH]},
            advice=_("Give each column a unique name."),
        )
    bad = next((name for name in given if len(name) > NAME_MAX_LENGTH or not name.isprintable()), None)
    if bad is not None:
        raise UnreadableInput(
            _("A column name is too long or contains invisible characters: %(name)s")
            % {"name": "".join(c for c in bad if c.isprintable())[:NAME_MAX_LENGTH]},
            advice=_("At most %(most)d characters.") % {"most": NAME_MAX_LENGTH},
        )
    return names


def is_header(cells: Sequence[str]) -> bool:
    """Whether a first row names columns rather than being the first scene already."""
    # a table of paths for the limited kinds has no scene
    return not {"scene", "page"}.isdisjoint(read_names(cells))


def is_own_export(cells: Sequence[str]) -> bool:
    """Whether these are the titles of a file that wxcode has made."""
    return any(cell.lower().startswith(OWN_PREFIX) for cell in cells)


def count_known(cells: Sequence[str]) -> int:
    """How many of the titles mean one of our columns."""
    return sum(name in KNOWN_COLUMNS for name in read_names(cells))


def no_scene_column(titles: Sequence[str]) -> UnreadableInput:
    """The error for a header without our column; it has the titles as the file does."""
    visible = ("".join(c for c in _visible(title) if c.isprintable()) for title in titles)
    found = ", ".join(title for title in visible if title) or "–"
    return UnreadableInput(
        _("There is no column “scene”. Columns found: %(found)s.") % {"found": found[:300]},
        advice=_(
            "The first row must contain the column names: scene (required), and optionally page, "
            "label, tags, external_id and width."
        ),
    )


def _visible(title: str) -> str:
    """Without marks of direction, joiners and the like, which come with a copied text; in one line."""
    return " ".join("".join(c for c in title if unicodedata.category(c) != "Cf").split())


def _word(title: str) -> str:
    """What a title is compared by: full-width letters as plain ones, without a remark or a mark for “required”."""
    # compatibility forms would also turn ² into 2, which no title of ours has
    word = unicodedata.normalize("NFKC", title).strip(MARKS)
    return REMARK.sub("", word).strip(MARKS).lower()
