"""The history, newest first: which codes are wanted, and one page of their ids from the index that has them in order.

The planners of the databases guess well about one condition and badly about several, so the index is chosen here.
What costs: one statement for the ids of a page (one per mini-program for a key limited to several), one more for
each end of a time range. Nothing is counted, nothing is skipped over, nothing is sorted but the rows of a page.
"""

import datetime as dt
import heapq
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Case, OuterRef, QuerySet, Subquery, Value, When

from apps.clients.models import ApiClient
from apps.codes import postgres_search, sqlite_search
from apps.codes.derived import text_key
from apps.codes.grams import find_tokens, find_words
from apps.codes.models import BLOCK_SIZE, CodeTag, IssuedCode, IssuedCodeQuerySet, Tag
from apps.codes.requests import HOME_PAGE
from apps.miniprograms.models import MiniProgram

# A key for more mini-programs than this is served from one index over all of them.
MOST_APART = 20
# PostgreSQL: the newest codes are looked through before the index of words is asked. With 1,000, a word of every
# twentieth code fills a page of 50 from them, and looking in vain costs one or two milliseconds.
LOOKED_THROUGH = 1000


class Row(NamedTuple):
    """Stands for a code until its page is read."""

    id: int


@dataclass(frozen=True)
class Wanted:
    """Which codes; every condition that is given must hold. `appids` None means every mini-program."""

    appids: frozenset[str] | None = None
    kind: str = ""
    scene: str = ""
    # `/` is the home page
    page: str = ""
    env_version: str = ""
    external_id: str = ""
    client: str = ""
    # `staff:anna` or `door:wechat`; codes of API clients are found by `client`
    issued_by: str = ""
    tag: str = ""
    batch: int | None = None
    words: str = ""
    issued_after: dt.datetime | None = None
    issued_before: dt.datetime | None = None
    is_archived: bool = False


class History:
    """The wanted codes, read like a queryset: `order_by` ±id, `filter` by id__lt or id__gt, and a slice of Rows."""

    # what django-filter asks of a queryset
    model = IssuedCode

    def __init__(self, wanted: Wanted, *, is_newest_first: bool = True, bounds: dict[str, int] | None = None) -> None:
        self.wanted = wanted
        self.is_newest_first = is_newest_first
        self.bounds = bounds or {}

    def all(self) -> "History":
        return self

    def order_by(self, field: str) -> "History":
        """`-id` or `id`."""
        return History(self.wanted, is_newest_first=field.startswith("-"), bounds=self.bounds)

    def filter(self, **bounds: Any) -> "History":
        """`id__lt` and `id__gt`."""
        given = {name: int(value) for name, value in bounds.items()}
        return History(self.wanted, is_newest_first=self.is_newest_first, bounds=self.bounds | given)

    def __getitem__(self, part: slice) -> list[Row]:
        found = self._plan()
        return [Row(pk) for pk in found.ids(part.stop)[part.start or 0 :]] if found else []

    def page(self, size: int) -> tuple[list[IssuedCode], bool]:
        """At most `size` codes with what their cards show, and whether more follow."""
        rows = self[: size + 1]
        return read_rows(rows[:size], IssuedCode.objects.for_cards()), len(rows) > size

    def fitting(self, key: str) -> "QuerySet[Any, Any] | None":
        """Plan.fitting of what is wanted, or None where nothing can be found."""
        plan = self._plan()
        return plan.fitting(key) if plan else None

    def _plan(self) -> "Plan | None":
        """How to find them, or None where a name is unknown and nothing can be found."""
        wanted = self.wanted
        plan = Plan(is_newest_first=self.is_newest_first, words=find_words(wanted.words), batch=wanted.batch)
        if wanted.appids is not None:
            known = MiniProgram.objects.filter(appid__in=wanted.appids).order_by("pk")
            plan = replace(plan, miniprogram_ids=tuple(known.values_list("pk", flat=True)))
            if not plan.miniprogram_ids:
                return None
        conditions: dict[str, Any] = {"archived_at__isnull": not wanted.is_archived}
        conditions |= {
            name: value for name in ("kind", "scene", "env_version", "external_id") if (value := getattr(wanted, name))
        }
        if wanted.page:
            page = "" if wanted.page == HOME_PAGE else wanted.page
            conditions["page_key"] = text_key(page)
            plan = replace(plan, page=page)
        if wanted.issued_by:
            conditions |= {"issued_by": wanted.issued_by, "client__isnull": True}
        if wanted.client:
            conditions["client_id"] = ApiClient.objects.filter(name=wanted.client).values_list("pk", flat=True).first()
        if wanted.tag:
            plan = replace(plan, tag_id=Tag.objects.filter(name=wanted.tag).values_list("pk", flat=True).first())
        if (wanted.client and conditions["client_id"] is None) or (wanted.tag and plan.tag_id is None):
            return None
        bounds = dict(self.bounds)
        for name, moment in (("gte", wanted.issued_after), ("lt", wanted.issued_before)):
            if moment is not None:
                conditions[f"issued_at__{name}"] = moment
                block = find_block(moment, is_lower_end=name == "gte")
                if block is None:
                    return None
                first, last = block * BLOCK_SIZE, (block + 1) * BLOCK_SIZE - 1
                bounds |= {"id__gte": first} if name == "gte" else {"id__lte": last}
        return replace(plan, conditions=conditions, bounds=bounds)


@dataclass(frozen=True)
class Plan:
    """A `History` with all names looked up, and the way to its ids."""

    is_newest_first: bool
    words: tuple[str, ...] = ()
    page: str | None = None
    batch: int | None = None
    tag_id: int | None = None
    miniprogram_ids: tuple[int, ...] | None = None
    conditions: dict[str, Any] | None = None
    bounds: dict[str, int] | None = None

    def ids(self, count: int) -> list[int]:
        """The first `count` ids."""
        if self.words:
            return self._search_in_order(count) if connection.vendor == "sqlite" else self._search(count)
        several = self.miniprogram_ids or ()
        if not 1 < len(several) <= MOST_APART or self.batch is not None:
            return list(self._rows()[:count])
        each = [list(replace(self, miniprogram_ids=(pk,))._rows()[:count]) for pk in several]
        merged = heapq.merge(*each, reverse=self.is_newest_first)
        return list(islice((pk for pk, _same in groupby(merged)), count))

    def _rows(self) -> "QuerySet[Any, Any]":
        """The ids in their order, from the smallest index that has them."""
        if self.batch is not None:
            # two rows of a batch may have asked for the same code
            return self._side_rows(batch_items().filter(batch=self.batch, code__isnull=False), key="code_id").distinct()
        if self.tag_id is not None:
            tagged = CodeTag.objects.filter(tag=self.tag_id)
            if self.miniprogram_ids is not None:
                tagged = tagged.filter(**_one_or_several("miniprogram_key", self.miniprogram_ids))
            return self._side_rows(tagged, key="issuedcode_id")
        return self._in_order(self._codes())

    def _side_rows(self, rows: "QuerySet[Any]", *, key: str) -> "QuerySet[Any, Any]":
        """Ids from another table whose index has them in order; each code is looked at by its id."""
        return self._in_order(that_have(rows, self.fitting(key)), key=key)

    def fitting(self, key: str) -> "QuerySet[Any, Any]":
        """The code that a row of another table has in its column `key`, if it is wanted: but for batch and words."""
        tag_id = None if key == "issuedcode_id" else self.tag_id
        return replace(self, batch=None, tag_id=tag_id, bounds={})._codes().filter(pk=OuterRef(key))

    def _codes(self) -> "QuerySet[Any, Any]":
        """All conditions but the words, on the table of codes."""
        codes: QuerySet[Any, Any] = IssuedCode.objects.filter(**(self.conditions or {}))
        if self.page is not None:
            codes = codes.filter(_has_page(self.page))
        if self.miniprogram_ids is not None:
            codes = codes.filter(**_one_or_several("miniprogram", self.miniprogram_ids))
        if self.tag_id is not None:
            codes = that_have(codes, CodeTag.objects.filter(tag=self.tag_id, issuedcode=OuterRef("pk")))
        if self.batch is not None:
            codes = that_have(codes, batch_items().filter(batch=self.batch, code=OuterRef("pk")))
        return codes.filter(**(self.bounds or {}))

    def _in_order(self, rows: "QuerySet[Any, Any]", *, key: str = "id") -> "QuerySet[Any, Any]":
        if key != "id":
            rows = rows.filter(**{name.replace("id", key, 1): value for name, value in (self.bounds or {}).items()})
        return rows.order_by(f"-{key}" if self.is_newest_first else key).values_list(key, flat=True)

    # --- words ---------------------------------------------------------------------------------------------

    def _search_in_order(self, count: int) -> list[int]:
        """SQLite: FTS5 hands out ids in their order and stops when enough are found."""
        found = self._in_order(self._with_words(self._codes())).extra(  # noqa: S610  (constants and parameters)
            **sqlite_search.find(find_tokens(self.words), self.miniprogram_ids),
            order_by=["-codes_search.rowid" if self.is_newest_first else "codes_search.rowid"],
        )
        for name, value in (self.bounds or {}).items():
            sign = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}[name.removeprefix("id__")]
            found = found.extra(where=[f"codes_search.rowid {sign} %s"], params=[value])  # noqa: S610 # nosec B610
        return list(found[:count])

    def _search(self, count: int) -> list[int]:
        """PostgreSQL: the newest first, which suffice for every word that is not rare, then the index."""
        newest = self._in_order(self._codes()).values("id", "search_text")[:LOOKED_THROUGH]
        statement, parameters = newest.query.sql_with_params()
        contains = " AND ".join("strpos(search_text, %s) > 0" for _word in self.words)
        order = "DESC" if self.is_newest_first else "ASC"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM ({statement}) AS newest WHERE {contains} ORDER BY id {order} LIMIT %s",  # noqa: S608 # nosec B608
                [*parameters, *self.words, count],
            )
            found = [int(row[0]) for row in cursor.fetchall()]
        if len(found) >= count:
            return found
        rows = self._in_order(self._with_words(self._codes()))
        return postgres_search.find(
            rows,
            find_tokens(self.words),
            miniprogram_ids=self.miniprogram_ids,
            bounds=self.bounds or {},
            is_newest_first=self.is_newest_first,
            count=count,
        )

    def _with_words(self, rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
        for word in self.words:
            rows = rows.filter(search_text__contains=word)
        return rows


def read_rows(rows: list[Row], codes: IssuedCodeQuerySet) -> list[IssuedCode]:
    """The codes of a page with what `codes` reads of them, in the page's order."""
    found = codes.in_bulk([row.id for row in rows])
    return [found[row.id] for row in rows if row.id in found]


def find_block(moment: dt.datetime, *, is_lower_end: bool) -> int | None:
    """The first block of ids with a code issued at `moment` or later, or the last one with a code issued before it.

    Ids and times grow together, but not to the second, and nothing promises it: so every block is asked whether
    it holds such a code, until one does. That is a look into an index, some microseconds, per 4,096 codes.
    """
    end, onward, sign = ("MIN", ">=", ">=") if is_lower_end else ("MAX", "<", "<")
    beyond = f"(n + 1) * {BLOCK_SIZE}" if is_lower_end else f"n * {BLOCK_SIZE}"
    statement = f"""
        WITH RECURSIVE block(n) AS (
            SELECT {end}(id) / {BLOCK_SIZE} FROM codes_issuedcode
            UNION ALL
            SELECT (SELECT {end}(id) FROM codes_issuedcode WHERE id {onward} {beyond}) / {BLOCK_SIZE} FROM block
            WHERE n IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM codes_issuedcode WHERE id / {BLOCK_SIZE} = n AND issued_at {sign} %s
            )
        )
        SELECT {"MAX" if is_lower_end else "MIN"}(n), COUNT(*) - COUNT(n) FROM block
    """  # noqa: S608  (constants of this file) # nosec B608
    with connection.cursor() as cursor:
        cursor.execute(statement, [connection.ops.adapt_datetimefield_value(moment)])
        block, is_exhausted = cursor.fetchone()
    return None if is_exhausted else int(block)


def that_have(rows: "QuerySet[Any, Any]", others: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Those of `rows` with one among `others`, looked for row by row.

    EXISTS would let PostgreSQL make a join of it, and merge its way through the whole history to the first row.
    """
    found: QuerySet[Any, Any] = rows.alias(other=Subquery(others.values("pk")[:1])).filter(other__isnull=False)
    return found


def batch_items() -> "QuerySet[Any]":
    """The rows of batches, whose room is above this one, by the relation that it makes."""
    rows: QuerySet[Any] = IssuedCode._meta.get_field("batch_items").related_model._default_manager.all()
    return rows


def _has_page(page: str) -> Case:
    """As `page=page`, of which PostgreSQL would think that it and the page's key each leave few codes, together none:
    it would rather read and sort all codes of the page than follow the index that has them in order."""
    return Case(When(page=page, then=Value(True)), default=Value(False), output_field=BooleanField())


def _one_or_several(name: str, values: tuple[int, ...]) -> dict[str, Any]:
    """Equality where it is one: only that leaves an index its order."""
    return {name: values[0]} if len(values) == 1 else {f"{name}__in": values}
