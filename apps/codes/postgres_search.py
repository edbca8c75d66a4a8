"""Words on PostgreSQL: which grams its index is asked for, and in how many steps.

How common each gram is, the database knows from its statistics. The index has no order: where many codes are expected
it is asked for one block of ids after the other, until the page is full, so that a search looks at no more rows than a
block has, wherever they are.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.codes.frequencies import NOTHING_KNOWN, Frequencies, remembered
from apps.codes.grams import BLOCK_MARK, miniprogram_token
from apps.codes.search_index import INDEX, SEARCH_BLOCK, VECTOR

# From so many on it is block by block, unless all the blocks would cost more, as they do where nothing is found: one
# block takes a tenth of a millisecond, or almost one if common grams meet, a row some microseconds.
MANY_ROWS = 2000
ROWS_FOR_A_BLOCK = 150
STATISTICS = f"""
    SELECT array_to_json(most_common_elems::text::text[])::text, array_to_json(most_common_elem_freqs)::text,
        (SELECT reltuples FROM pg_class WHERE oid = 'codes_issuedcode'::regclass)
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = '{INDEX}'
"""  # noqa: S608  (constants) # nosec B608
TABLE = ' FROM "codes_issuedcode"'
# Behind the OFFSET no other index tempts the planner, which cannot know how grams go together.
FENCED = ' FROM (SELECT * FROM codes_issuedcode WHERE {condition} OFFSET 0) AS "codes_issuedcode"'
GRAM = "'{}'"
WORDS = f"{VECTOR} @@ %s::tsquery"
IN_BLOCK = f"{VECTOR} @@ ('''{BLOCK_MARK}' || block.n || '''')::tsquery"
# A nested loop keeps the order of its outer side.
BLOCKS = f"""
    SELECT found.id FROM (
        SELECT LEAST(MAX(id), %s) / {SEARCH_BLOCK} AS last, GREATEST(MIN(id), %s) / {SEARCH_BLOCK} AS first
        FROM codes_issuedcode
    ) AS ends
    CROSS JOIN LATERAL generate_series({{series}}) AS block(n)
    CROSS JOIN LATERAL ({{statement}} LIMIT %s) AS found
    LIMIT %s
"""  # noqa: S608  (constants of this file) # nosec B608


def find(
    codes: "QuerySet[Any, Any]",
    tokens: tuple[list[str], list[str]],
    *,
    miniprogram_ids: Collection[int] | None,
    bounds: Mapping[str, int],
    is_newest_first: bool,
    count: int,
) -> list[int]:
    """The first `count` ids of `codes`, a query for ids that compares the words itself, not only their `tokens`.

    `bounds` are those of the query, by `id__lt`, `id__lte`, `id__gt`, `id__gte`.
    """
    statement, parameters = codes.query.sql_with_params()
    parts, is_by_block = _choose(tokens, miniprogram_ids)
    asked: list[Any] = [" & ".join(parts), *parameters, count]
    if not is_by_block:
        statement = f"{statement.replace(TABLE, FENCED.format(condition=WORDS), 1)} LIMIT %s"
    else:
        of_block = statement.replace(TABLE, FENCED.format(condition=f"{WORDS} AND {IN_BLOCK}"), 1)
        series = "ends.last, ends.first, -1" if is_newest_first else "ends.first, ends.last"
        statement = BLOCKS.format(series=series, statement=of_block)
        # no bound is a NULL, which LEAST and GREATEST ignore
        last = min((bounds[name] for name in ("id__lt", "id__lte") if name in bounds), default=None)
        first = max((bounds[name] for name in ("id__gt", "id__gte") if name in bounds), default=None)
        asked = [last, first, *asked, count]
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return [int(row[0]) for row in cursor.fetchall()]


def _choose(tokens: tuple[list[str], list[str]], miniprogram_ids: Collection[int] | None) -> tuple[list[str], bool]:
    """What the index is asked for, and whether block by block: not for few codes, nor without statistics."""
    miniprograms = [miniprogram_token(pk) for pk in miniprogram_ids or ()]
    limits = ["(" + " | ".join(map(GRAM.format, miniprograms)) + ")"] if miniprograms else []
    known = remembered(_read_statistics) or NOTHING_KNOWN
    parts = known.parts(tokens, gram=GRAM, beginning=f"{GRAM}:*")
    most = known.most(parts)
    if miniprograms:
        most = min(most, known.rows * known.of_any(miniprograms))
    return [*known.choose(parts), *limits], _are_many(most, of=known.rows)


def _are_many(rows: float, *, of: float) -> bool:
    """Whether to look at so many rows costs more than to ask block by block."""
    return rows >= max(MANY_ROWS, of / SEARCH_BLOCK * ROWS_FOR_A_BLOCK)


def _read_statistics() -> Frequencies | None:
    """None where the database has gathered none yet: then every gram is asked for."""
    with connection.cursor() as cursor:
        cursor.execute(STATISTICS)
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    elements, shares = json.loads(row[0]), json.loads(row[1])
    # after the shares of the elements come the least and the greatest of them, and the share of rows without any
    return Frequencies(
        dict(zip(elements, shares, strict=False)), otherwise=shares[len(elements)], rows=max(row[2], 1.0)
    )
