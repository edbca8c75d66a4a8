"""Words on PostgreSQL: which grams its index is asked for, so that it reads no list that hardly tells codes apart.

The index walks through the shortest list of a question and looks every entry up in each of the others, so a gram of
half a million codes costs as much as it helps little. How common each is, the database knows from its statistics.
"""

import json
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.codes.grams import miniprogram_token
from apps.codes.search_index import VECTOR

# What more than this share of the codes have is left out where rarer parts suffice: its list would be read whole.
COMMON_SHARE = 0.02
# What more than this share have hardly tells codes apart.
USELESS_SHARE = 0.2
# Rows that may be looked at in vain, since the words themselves are compared in every row.
TOLERATED_ROWS = 100
STATISTICS_SECONDS = 300.0
STATISTICS = """
    SELECT array_to_json(most_common_elems::text::text[])::text, array_to_json(most_common_elem_freqs)::text,
        (SELECT reltuples FROM pg_class WHERE oid = 'codes_issuedcode'::regclass)
    FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'issuedcode_grams'
"""
TABLE = ' FROM "codes_issuedcode"'


@dataclass(frozen=True)
class Frequencies:
    """In which share of the codes a gram stands, as the database's own statistics know it."""

    shares: dict[str, float]
    # where it is not listed: less than the rarest that is
    otherwise: float
    rows: float

    def of(self, gram: str) -> float:
        return self.shares.get(gram, self.otherwise)

    def of_beginning(self, letters: str) -> float:
        """At most this share has a gram that begins so."""
        return sum(share for gram, share in self.shares.items() if gram.startswith(letters)) or self.otherwise

    def choose(self, grams: Iterable[str], beginnings: Iterable[str]) -> list[str]:
        """The rarest parts of a question, enough to leave few rows to look at."""
        parts = [(self.of(gram), _gram(gram)) for gram in grams]
        parts += [(self.of_beginning(letters), _beginning(letters)) for letters in beginnings]
        chosen: list[str] = []
        expected = self.rows
        for share, part in sorted(parts):
            if chosen and (share > USELESS_SHARE or (share > COMMON_SHARE and expected <= TOLERATED_ROWS)):
                break
            chosen.append(part)
            expected *= share
        return chosen


class _Known:
    """What was last read, and until when it counts (monotonic seconds)."""

    frequencies: Frequencies | None = None
    until = 0.0
    lock = threading.Lock()


def find(
    codes: "QuerySet[Any, Any]",
    tokens: tuple[list[str], list[str]],
    *,
    miniprogram_ids: Collection[int] | None,
    count: int,
) -> list[int]:
    """The first `count` ids of `codes`, a query for ids that compares the words itself, not only their `tokens`."""
    statement, parameters = codes.query.sql_with_params()
    # behind this fence no other index tempts the planner, which cannot know how grams go together
    rows = f"SELECT * FROM codes_issuedcode WHERE {VECTOR} @@ %s::tsquery OFFSET 0"  # noqa: S608 # nosec B608
    fenced = statement.replace(TABLE, f' FROM ({rows}) AS "codes_issuedcode"', 1)
    with connection.cursor() as cursor:
        cursor.execute(f"{fenced} LIMIT %s", [_question(tokens, miniprogram_ids), *parameters, count])
        return [int(row[0]) for row in cursor.fetchall()]


def _question(tokens: tuple[list[str], list[str]], miniprogram_ids: Collection[int] | None) -> str:
    grams, beginnings = tokens
    known = _frequencies()
    parts = [*map(_gram, grams), *map(_beginning, beginnings)] if known is None else known.choose(grams, beginnings)
    if miniprogram_ids is not None:
        parts.append("(" + " | ".join(f"'{miniprogram_token(each)}'" for each in miniprogram_ids) + ")")
    return " & ".join(parts)


def _gram(gram: str) -> str:
    return f"'{gram}'"


def _beginning(letters: str) -> str:
    return f"'{letters}':*"


def _frequencies() -> Frequencies | None:
    """None where the database has gathered no statistics yet: then every gram is asked for."""
    with _Known.lock:
        if time.monotonic() < _Known.until:
            return _Known.frequencies
        # whoever comes meanwhile takes the old ones
        _Known.until = time.monotonic() + STATISTICS_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(STATISTICS)
        row = cursor.fetchone()
    if row is None or row[0] is None:
        _Known.frequencies = None
    else:
        elements, shares = json.loads(row[0]), json.loads(row[1])
        # after the shares of the elements come the least and the greatest of them, and the share of rows without any
        _Known.frequencies = Frequencies(
            dict(zip(elements, shares, strict=False)), otherwise=shares[len(elements)], rows=max(row[2], 1.0)
        )
    return _Known.frequencies
