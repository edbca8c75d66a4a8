"""From raw rows to rows that can be issued: every problem with its row, column, value and cure."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from apps.batches.reading.columns import KNOWN_COLUMNS
from apps.batches.reading.rows import CELL_MAX_LENGTH, MAX_COLUMNS, CellNote, RawRow, RowSource
from apps.codes.bulk import find_external_ids, find_identical_ids, stored_digests
from apps.codes.checking import find_field_problems, find_kind_problems, split_tags
from apps.codes.models import PATH_KINDS, Kind
from apps.codes.requests import CodeRequest, code_request
from apps.miniprograms.models import MiniProgram

# looked up in the history at a time
CHUNK = 500
SHOWN_VALUE_LENGTH = 100


@dataclass(frozen=True)
class RowProblem:
    """What is wrong with one cell, and what to do about it."""

    row: int
    column: str
    value: str
    message: str


@dataclass(frozen=True)
class Draft:
    """A row that is fit to be issued; `same_as` names an earlier row that asks for the very same code."""

    row: int
    request: CodeRequest
    extra: Mapping[str, str]
    digest: str = ""
    same_as: int | None = None
    existing_id: int | None = None


@dataclass(frozen=True)
class CheckedRow:
    """A draft, or why there is none."""

    row: int
    draft: Draft | None = None
    problems: tuple[RowProblem, ...] = ()
    # of a row that can be issued
    warnings: tuple[RowProblem, ...] = ()


@dataclass
class Checker:
    """Checks the rows of one table against the rules, against each other and against the history.

    Keeps some hundred bytes a row, to tell duplicates; everything else is forgotten row by row.
    """

    miniprogram: MiniProgram
    client_id: int | None
    # what rows without the column get: page, env_version, check_path, width, tags and so on
    defaults: Mapping[str, Any] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    _first_rows: dict[int, int] = field(default_factory=dict)
    _external_ids: dict[str, int] = field(default_factory=dict)

    def check(self, source: RowSource) -> Iterator[CheckedRow]:
        """Every row of `source` in its order. Raises UnreadableInput."""
        rows = source.rows()
        while chunk := list(itertools.islice(rows, CHUNK)):
            checked = [self._check_alone(raw) for raw in chunk]
            drafts = [each.draft for each in checked if each.draft is not None]
            digests = stored_digests(self.miniprogram, [draft.request for draft in drafts])
            digest_of = {draft.row: digest for draft, digest in zip(drafts, digests, strict=True)}
            existing = find_identical_ids(self.miniprogram, set(digests))
            names = {draft.request.external_id for draft in drafts} - {""}
            taken = find_external_ids(self.client_id, names) if names else {}
            for each in checked:
                if each.draft is None:
                    yield each
                else:
                    draft = replace(each.draft, digest=digest_of[each.row])
                    yield self._check_with_others(draft, existing, taken, each.warnings)

    def _check_alone(self, raw: RawRow) -> CheckedRow:
        values = {name: _known_value(name, value) for name, value in raw.values.items() if name in KNOWN_COLUMNS}
        extra = {name: _as_text(value) for name, value in raw.values.items() if name not in KNOWN_COLUMNS}
        unread = {note.column for note in raw.problems}
        found = {name: each for name, each in self._field_problems(values).items() if name not in unread}
        found |= {name: [problem] for name, text in extra.items() if (problem := _text_problem(text))}
        if len(self.columns | dict.fromkeys(extra)) > MAX_COLUMNS:
            found["columns"] = [_("At most %(most)d different columns.") % {"most": MAX_COLUMNS}]
        if found or unread:
            notes = [
                CellNote(name, _as_text(raw.values.get(name, "")), message)
                for name, messages in found.items()
                for message in messages
            ]
            return CheckedRow(raw.number, problems=_listed(raw.number, (*raw.problems, *notes)))
        self.columns |= dict.fromkeys(extra)
        request = code_request(self.miniprogram, **self._given(values))
        warnings = _listed(raw.number, raw.warnings)
        return CheckedRow(raw.number, Draft(raw.number, request, extra), warnings=warnings)

    @property
    def _kind(self) -> str:
        return str(self.defaults.get("kind", Kind.UNLIMITED.value))

    def _field_problems(self, values: Mapping[str, Any]) -> dict[str, list[str]]:
        if self._kind not in PATH_KINDS:
            return find_field_problems({"scene": "", **values})
        # the column “page” holds their path, query and all
        others = {name: value for name, value in values.items() if name not in ("scene", "page")}
        body = {**values, "kind": self._kind, "path": values.get("page", self.defaults.get("page", ""))}
        body.pop("page", None)
        by_kind = {"page" if name == "path" else name: found for name, found in find_kind_problems(body).items()}
        return find_field_problems(others) | by_kind

    def _given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        given = {**self.defaults, **values}
        if "tags" in values:
            given["tags"] = tuple(dict.fromkeys((*self.defaults.get("tags", ()), *values["tags"])))
        if self._kind in PATH_KINDS:
            given["path"] = given.pop("page", "")
            given.pop("scene", None)
        return given

    def _check_with_others(
        self, draft: Draft, existing: Mapping[str, int], taken: Mapping[str, str], warnings: tuple[RowProblem, ...]
    ) -> CheckedRow:
        external_id = draft.request.external_id
        # 64 bits of it are enough to tell a hundred thousand rows apart
        fingerprint = int(draft.digest[:16], 16)
        first_row = self._first_rows.setdefault(fingerprint, draft.row)
        message = ""
        if external_id:
            owner = self._external_ids.setdefault(external_id, fingerprint)
            if owner != fingerprint:
                first = self._first_rows[owner]
                message = _("Row %(row)d uses the same external_id for a different code.") % {"row": first}
            elif taken.get(external_id, draft.digest) != draft.digest:
                message = _("This external_id already belongs to another code. Use a different one.")
        if message:
            problem = RowProblem(draft.row, "external_id", external_id[:SHOWN_VALUE_LENGTH], message)
            return CheckedRow(draft.row, problems=(problem,))
        same_as = first_row if first_row != draft.row else None
        known = replace(draft, same_as=same_as, existing_id=existing.get(draft.digest))
        return CheckedRow(draft.row, known, warnings=warnings)


def read_tags(text: str) -> list[str]:
    """The tags in one cell; a vertical line parts them as well."""
    return split_tags(text, also="|")


def _listed(row: int, notes: tuple[CellNote, ...]) -> tuple[RowProblem, ...]:
    return tuple(RowProblem(row, note.column, note.value[:SHOWN_VALUE_LENGTH], note.message) for note in notes)


def _known_value(name: str, value: Any) -> Any:
    if name == "tags":
        parts = value if isinstance(value, list) else read_tags(_as_text(value))
        return tuple(dict.fromkeys(tag for part in parts if (tag := _as_text(part).strip())))
    text = _as_text(value)
    if name == "width":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text
    return text.lower() if name == "env_version" else text


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _text_problem(text: str) -> str | None:
    if len(text) > CELL_MAX_LENGTH:
        return _("%(excess)d characters too long (the limit is %(most)d).") % {
            "excess": len(text) - CELL_MAX_LENGTH,
            "most": CELL_MAX_LENGTH,
        }
    # line breaks are fine in a caption; NUL and halves of a surrogate pair cannot be stored
    if not text.isprintable() and not text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        return _("Remove the invisible characters.")
    return None
