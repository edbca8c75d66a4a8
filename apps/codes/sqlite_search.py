"""Words on SQLite: FTS5 is asked for the rarest grams of a question, as a sample of the codes tells them."""

import random
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.db import connection

from apps.codes.frequencies import NOTHING_KNOWN, Frequencies, remembered
from apps.codes.grams import miniprogram_token

# A sample of 400 takes 10 ms, and knows what every hundredth code has well enough.
SAMPLE = 400
# In a smaller history all lists are short.
WORTH_A_SAMPLE = 50_000


def find(tokens: tuple[list[str], list[str]], miniprogram_ids: Collection[int] | None) -> dict[str, Any]:
    """Arguments of QuerySet.extra, for a query that compares words and mini-programs itself, not only these `tokens`.

    The order is `codes_search.rowid`, the only one that FTS5 has ready; it stops when enough are read.
    """
    return {
        "tables": ["codes_search"],
        # the + keeps SQLite from asking FTS5 anew for every code
        "where": ["codes_issuedcode.id = +codes_search.rowid", "codes_search MATCH %s"],
        "params": [" AND ".join(_choose(tokens, miniprogram_ids))],
    }


def _choose(tokens: tuple[list[str], list[str]], miniprogram_ids: Collection[int] | None) -> list[str]:
    known = remembered(_sample) or NOTHING_KNOWN
    parts = known.parts(tokens, gram='"{}"', beginning='"{}"*')
    if miniprogram_ids is not None:
        limits = [miniprogram_token(each) for each in miniprogram_ids]
        parts.append((known.of_any(limits), "(" + " OR ".join(f'"{limit}"' for limit in limits) + ")"))
    return known.choose(parts)


def _sample() -> Frequencies | None:
    """From codes at random places, since what is regular may be regular in the codes as well."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(id), MAX(id) FROM codes_issuedcode")
        first, last = cursor.fetchone()
        if first is None or last - first < WORTH_A_SAMPLE:
            return None
        places = random.sample(range(first, last + 1), SAMPLE)  # nosec B311 (a sample, not a secret)
        # whole numbers, and more of them than some versions of SQLite take parameters
        cursor.execute(f"SELECT search_grams FROM codes_issuedcode WHERE id IN ({', '.join(map(str, places))})")  # noqa: S608 # nosec B608
        texts = [text for (text,) in cursor.fetchall()]
    if not texts:
        return None
    counts = Counter(gram for text in texts for gram in text.split())
    return Frequencies(
        {gram: count / len(texts) for gram, count in counts.items()},
        otherwise=1 / len(texts),
        rows=(last - first + 1) * len(texts) / SAMPLE,
    )
