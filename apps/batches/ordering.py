"""Ordering a batch: a dry run that spends nothing, and the import that stores its rows."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.batches.checking import CheckedRow, Checker, Draft, RowProblem
from apps.batches.errors import RowsInvalid, TooManyBatches, TooManyRows, UnreadableInput
from apps.batches.models import MAX_OPEN, MAX_ROWS, NAME_MAX_LENGTH, BatchItem, BatchLimit, BatchState, CodeBatch
from apps.batches.progress import estimate_seconds
from apps.batches.reading.rows import RowSource
from apps.batches.services import wake
from apps.codes.models import Kind
from apps.codes.requests import Issuer, code_request, stored_color
from apps.codes.services import refuse_if_inactive_for_codes
from apps.coordination.idempotency import KEPT_SECONDS, Repeatable, key_reused
from apps.miniprograms.models import MiniProgram

INSERT_CHUNK = 500
# listed one by one; all are counted
LISTED = 1000
# shown as they were read
FIRST_ROWS = 3
# fields of a problem answer
LISTED_AS_ERRORS = 100


@dataclass(frozen=True)
class BatchOrder:
    """Everything that makes a batch. `defaults` are fields of code_request for rows that say nothing themselves:
    kind, page, env_version, check_path, width, auto_color, line_color, is_hyaline, tags."""

    miniprogram: MiniProgram
    name: str
    source: RowSource
    issuer: Issuer
    defaults: Mapping[str, Any] = field(default_factory=dict)
    # the request that may be repeated and is to make one batch, None for any other
    repeatable: Repeatable | None = None
    # leave out rows with problems instead of refusing all
    skip_invalid: bool = False


@dataclass
class Report:
    """What reading all rows has shown. `existing` and `duplicates` cost WeChat nothing; `calls` is what remains."""

    rows: int = 0
    valid: int = 0
    invalid: int = 0
    duplicates: int = 0
    existing: int = 0
    problem_count: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    # of rows that are issued all the same
    warning_count: int = 0
    warnings: list[RowProblem] = field(default_factory=list)
    # the sheet of a workbook that was read, and what was not
    sheet: str = ""
    notes: list[str] = field(default_factory=list)
    # (title in the file, column that it was read as)
    titles: list[tuple[str, str | None]] = field(default_factory=list)
    # (row, the earlier row that asks for the same code)
    duplicate_rows: list[tuple[int, int]] = field(default_factory=list)
    # (row, id of the code)
    existing_rows: list[tuple[int, int]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    first_rows: list[Draft] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return self.valid - self.duplicates - self.existing

    @property
    def seconds(self) -> int:
        """How long the calls take at the legal speed."""
        return estimate_seconds(self.calls)

    def count(self, row: CheckedRow) -> None:
        self.rows += 1
        if row.draft is None:
            self.invalid += 1
            self.problem_count += len(row.problems)
            self.problems += row.problems[: max(LISTED - len(self.problems), 0)]
            return
        self.valid += 1
        self.warning_count += len(row.warnings)
        self.warnings += row.warnings[: max(LISTED - len(self.warnings), 0)]
        if len(self.first_rows) < FIRST_ROWS:
            self.first_rows.append(row.draft)
        if row.draft.same_as is not None:
            self.duplicates += 1
            if len(self.duplicate_rows) < LISTED:
                self.duplicate_rows.append((row.row, row.draft.same_as))
        elif row.draft.existing_id is not None:
            self.existing += 1
            if len(self.existing_rows) < LISTED:
                self.existing_rows.append((row.row, row.draft.existing_id))


def dry_run(order: BatchOrder) -> Report:
    """Read and check every row; nothing is stored and WeChat is not asked.

    Raises UnreadableInput, TooManyRows.
    """
    report = Report()
    checker = _checker(order)
    for row in _limited(checker.check(order.source), most=find_limit(order.issuer.client_id).max_rows):
        report.count(row)
    report.columns = list(checker.columns)
    facts = order.source.facts
    report.sheet, report.notes, report.titles = facts.sheet, list(facts.notes), facts.titles
    if not report.rows:
        raise UnreadableInput(_("The table has no rows."), advice=_("Add one row per code below the header row."))
    return report


def create_batch(order: BatchOrder) -> tuple[CodeBatch, Report]:
    """Check all rows, store them, and have them issued.

    Raises UnreadableInput, TooManyRows, TooManyBatches, RowsInvalid (nothing is stored), MiniProgramInactive.
    """
    refuse_if_inactive_for_codes(order.miniprogram)
    _refuse_too_many_batches(order.issuer.client_id)
    report = dry_run(order)
    if not report.valid or (report.invalid and not order.skip_invalid):
        raise _rows_invalid(report)
    batch = _new_batch(order, report)
    is_stored = False
    try:
        total = _insert_rows(batch, order)
        # name and last row in one statement: a process that dies leaves neither
        stored: dict[str, Any] = {"total": total, "state": BatchState.RUNNING}
        if order.repeatable is not None:
            stored |= {"repeat_name": order.repeatable.name, "repeat_fingerprint": order.repeatable.fingerprint}
        CodeBatch.objects.filter(pk=batch.pk).update(**stored)
        is_stored = True
    finally:
        if not is_stored:
            batch.delete()
    batch.refresh_from_db()
    wake(order.miniprogram.pk)
    return batch, report


def create_batch_once(order: BatchOrder) -> tuple[CodeBatch, bool]:
    """The batch that `order.repeatable` made within a day, or a new one; and whether it was there.

    Call it under single flight. Raises KeyReused, and what create_batch raises.
    """
    request = order.repeatable
    if request is None:
        return create_batch(order)[0], False
    same = CodeBatch.objects.filter(repeat_name=request.name)
    same.filter(created_at__lt=timezone.now() - timedelta(seconds=KEPT_SECONDS)).update(repeat_name="")
    known: CodeBatch | None = same.first()
    if known is None:
        return create_batch(order)[0], False
    if known.repeat_fingerprint != request.fingerprint:
        raise key_reused()
    return known, True


def name_batch(*candidates: str) -> str:
    """The first of `candidates` with a visible character, tidied, or the day."""
    named = (" ".join("".join(c if c.isprintable() else " " for c in name).split()) for name in candidates)
    day = _("Batch of %(day)s") % {"day": timezone.localdate().isoformat()}
    return next((name for name in named if name), str(day))[:NAME_MAX_LENGTH].strip()


def find_limit(client_id: int | None) -> BatchLimit:
    """How much this client may ask for; members of staff have the same rows and no limit on open batches."""
    known: BatchLimit | None = BatchLimit.objects.filter(client_id=client_id).first() if client_id else None
    return known or BatchLimit(max_rows=MAX_ROWS, max_open=MAX_OPEN)


def _new_batch(order: BatchOrder, report: Report) -> CodeBatch:
    # the batch keeps what all its rows share
    shared = code_request(order.miniprogram, **_with_place(order))
    batch: CodeBatch = CodeBatch.objects.create(
        miniprogram=order.miniprogram,
        name=order.name,
        kind=shared.kind,
        auto_color=shared.auto_color,
        line_color=stored_color(shared.line_color),
        is_hyaline=shared.is_hyaline,
        columns=report.columns,
        client_id=order.issuer.client_id,
        issued_by=order.issuer.label,
        door=order.issuer.door,
    )
    return batch


def _with_place(order: BatchOrder) -> dict[str, Any]:
    if order.defaults.get("kind", Kind.UNLIMITED) == Kind.UNLIMITED:
        return dict(order.defaults) | {"scene": "a"}
    return {name: value for name, value in order.defaults.items() if name != "page"} | {"path": "a"}


def _insert_rows(batch: CodeBatch, order: BatchOrder) -> int:
    """The table is read a second time rather than kept; what is no longer valid now is left out."""
    drafts = (row.draft for row in _checker(order).check(order.source) if row.draft is not None)
    total = 0
    while chunk := list(itertools.islice(drafts, INSERT_CHUNK)):
        BatchItem.objects.bulk_create(_new_item(batch, draft) for draft in chunk)
        total += len(chunk)
    return total


def _new_item(batch: CodeBatch, draft: Draft) -> BatchItem:
    request = draft.request
    return BatchItem(
        batch=batch,
        row=draft.row,
        scene=request.scene,
        page=request.page,
        env_version=request.env_version,
        check_path=request.check_path,
        width=request.width,
        label=request.label,
        tags=list(request.tags),
        external_id=request.external_id,
        extra=dict(draft.extra),
        digest=draft.digest,
    )


def _checker(order: BatchOrder) -> Checker:
    return Checker(order.miniprogram, order.issuer.client_id, order.defaults)


def _limited(rows: Iterator[CheckedRow], *, most: int) -> Iterator[CheckedRow]:
    for count, row in enumerate(rows, start=1):
        if count > most:
            raise TooManyRows(
                _("There are more than %(most)d rows.") % {"most": most},
                advice=_("Split the table, or ask an operator for a higher limit."),
            )
        yield row


def _refuse_too_many_batches(client_id: int | None) -> None:
    if client_id is None:
        return
    most = find_limit(client_id).max_open
    if CodeBatch.objects.open().filter(client_id=client_id).count() >= most:
        raise TooManyBatches(
            _("This client already has %(most)d unfinished batches.") % {"most": most},
            advice=_("Wait for one to finish, or cancel one."),
            retry_after=60,
        )


def _rows_invalid(report: Report) -> RowsInvalid:
    errors: dict[str, list[str]] = {}
    for problem in report.problems[:LISTED_AS_ERRORS]:
        errors.setdefault(f"rows.{problem.row}.{problem.column}", []).append(problem.message)
    return RowsInvalid(
        _("%(invalid)d of %(rows)d rows are not valid; nothing was saved.")
        % {"invalid": report.invalid, "rows": report.rows},
        advice=_("Fix them, or send skip_invalid to skip them. A dry run lists all problems."),
        errors=errors,
    )
