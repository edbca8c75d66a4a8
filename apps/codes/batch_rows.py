"""The codes of a batch in the order of its rows, page by page from the index of rows; each code at its first row."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from apps.codes.history import History, Row, Wanted, batch_items, read_rows, that_have
from apps.codes.models import IssuedCode

# as the rows of batches say it, whose room is above this one: with it their index has them in order
ISSUED = "issued"


class BatchRows:
    """The codes that `wanted` means, which names a batch and no words: their index has the newest first."""

    def __init__(self, wanted: Wanted) -> None:
        self._batch = wanted.batch
        fitting = History(wanted).fitting("code_id")
        items = batch_items().filter(batch=self._batch, state=ISSUED, code__isnull=False)
        same = batch_items().filter(batch=self._batch, state=ISSUED, code=OuterRef("code_id"), pk__lt=OuterRef("pk"))
        first = items.alias(same=Subquery(same.values("pk")[:1])).filter(same__isnull=True)
        self._rows: QuerySet[Any] = items.none() if fitting is None else that_have(first, fitting)

    def page(self, size: int, *, behind: int | None) -> tuple[list[IssuedCode], bool]:
        """At most `size` codes behind the code `behind`, with what their cards show, and whether more follow."""
        row = None if behind is None else self._row_of(behind)
        # from the first one on where no row of the batch has that code
        rows = self._rows.order_by("pk") if row is None else self._behind(row)
        ids = list(rows.values_list("code_id", flat=True)[: size + 1])
        return read_rows([Row(pk) for pk in ids[:size]], IssuedCode.objects.for_cards()), len(ids) > size

    def neighbours(self, code: IssuedCode) -> tuple[int | None, int | None]:
        """The ids of the code before and of the code behind this one."""
        row = self._row_of(code.pk)
        if row is None:
            return None, None
        before = self._rows.filter(pk__lt=row).order_by("-pk")
        return (
            before.values_list("code_id", flat=True).first(),
            self._behind(row).values_list("code_id", flat=True).first(),
        )

    def _behind(self, row: int) -> "QuerySet[Any]":
        return self._rows.filter(pk__gt=row).order_by("pk")

    def _row_of(self, code_id: int) -> int | None:
        found = batch_items().filter(batch=self._batch, code=code_id, state=ISSUED).order_by("pk")
        row: int | None = found.values_list("pk", flat=True).first()
        return row
