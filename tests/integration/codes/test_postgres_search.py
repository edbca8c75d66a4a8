"""Which grams PostgreSQL's index is asked for, and that leaving some out never changes what is found."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.codes.frequencies import Frequencies, _Known
from apps.codes.grams import find_tokens, miniprogram_token
from apps.codes.history import History, Wanted
from apps.codes.models import IssuedCode
from apps.codes.postgres_search import _are_many, _choose
from apps.codes.search_index import INDEX, SEARCH_BLOCK
from tests.integration.codes.rows import make_code, new_code
from tests.parts import make_miniprogram

pytestmark = pytest.mark.both_databases
KNOWN = Frequencies({"tab": 0.9, "abl": 0.9, "=50": 0.01, "500": 0.01, "e=5": 0.11}, 0.001, rows=1e6)


@pytest.fixture
def know(monkeypatch):
    """`know(frequencies)`: they are what the database's statistics say."""
    return lambda known: (
        monkeypatch.setattr(_Known, "frequencies", known),
        monkeypatch.setattr(_Known, "until", float("inf")),
    )


@pytest.mark.parametrize(
    ("words", "miniprograms", "is_by_block"),
    [
        (["tabl"], None, True),
        # a hundredth of a million codes, more than a block for each of 61 is worth
        (["500"], None, True),
        (["elephant"], None, False),
        # as many as there may be, the mini-program has few
        (["tabl"], [7], False),
        (["tabl"], [7, 1], True),
        (["tabl"], [9], False),
    ],
)
def test_block_by_block_only_what_many_codes_may_have(know, words, miniprograms, is_by_block):
    known = Frequencies(KNOWN.shares | {miniprogram_token(1): 0.5, miniprogram_token(7): 0.005}, 0.001, rows=1e6)
    know(known)
    parts, found = _choose(find_tokens(words), miniprograms)
    assert found is is_by_block
    if miniprograms:
        assert parts[-1] == "(" + " | ".join(f"'{miniprogram_token(each)}'" for each in miniprograms) + ")"


def test_a_block_is_worth_more_rows_the_more_blocks_there_are():
    assert [[_are_many(rows, of=of) for rows in (1_999, 2_000, 10_000, 100_000)] for of in (1e4, 1e6, 1e7)] == [
        [False, True, True, True],
        [False, False, True, True],
        [False, False, False, True],
    ]


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own index")
def test_with_statistics_the_same_is_found(monkeypatch, know):
    miniprogram = make_miniprogram()
    # the newest ones are looked through before the index is asked
    monkeypatch.setattr("apps.codes.history.LOOKED_THROUGH", 10)
    IssuedCode.objects.bulk_create(
        [
            new_code(
                miniprogram, f"table={number}", label="窗边 window" if number % 3 else "Roof", digest=f"{number:064d}"
            )
            for number in range(600)
        ]
    )
    make_code(miniprogram, "after")
    # ANALYZE itself would change the plans of every later test
    shares = {"tab": 1.0, "abl": 1.0, "ble": 1.0, "win": 0.7, "ind": 0.7, "roo": 0.3, "oof": 0.3, "le=": 1.0}
    know(Frequencies(shares, 0.001, rows=601))
    for words in ("table=77", "roof", "窗", "le=1 边 w", "wind oof", "=599", "after", "7 roof"):
        expected = IssuedCode.objects.order_by("-id")
        for word in words.split():
            expected = expected.filter(search_text__contains=word)
        found = [row.id for row in History(Wanted(words=words))[:50]]
        assert found == list(expected.values_list("pk", flat=True)[:50]), words


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own index")
def test_block_by_block_the_same_is_found_and_the_newest_block_suffices(monkeypatch, know):
    miniprogram = make_miniprogram()
    monkeypatch.setattr("apps.codes.history.LOOKED_THROUGH", 3)
    rows = [
        new_code(
            miniprogram, f"n={number}", label="window" if number % 3 else "roof", digest=f"{number:064d}", id=place
        )
        # some blocks are empty, in one the codes lie at both ends
        for number, place in enumerate(
            block * SEARCH_BLOCK + offset for block in (0, 1, 4, 5, 9) for offset in range(20)
        )
    ]
    rows[-1].pk = 10 * SEARCH_BLOCK - 1
    IssuedCode.objects.bulk_create(rows)
    shares = {"win": 0.7, "ind": 0.7, "roo": 0.3, "oof": 0.3}
    know(Frequencies(shares, 0.001, rows=1e6))
    bounds = [
        {},
        {"id__lt": 5 * SEARCH_BLOCK},
        {"id__lte": 5 * SEARCH_BLOCK},
        {"id__gt": SEARCH_BLOCK - 1},
        {"id__gte": 5 * SEARCH_BLOCK, "id__lt": 2**62},
        {"id__gt": 2**62},
    ]
    for order in ("-id", "id"):
        for bound in bounds:
            expected = IssuedCode.objects.filter(label="window", **bound).order_by(order)
            found = [row.id for row in History(Wanted(words="wind")).order_by(order).filter(**bound)[:50]]
            assert found == list(expected.values_list("pk", flat=True)[:50]), (order, bound)
    with CaptureQueriesContext(connection) as queries:
        assert len(History(Wanted(words="wind"))[:10]) == 10
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {queries[-1]['sql']}")
        looks = [line for (line,) in cursor.fetchall() if f"Index Scan on {INDEX}" in line]
    assert len(looks) == 1 and looks[0].endswith("loops=1)"), looks
