"""Which grams FTS5 is asked for, and that leaving some out never changes what is found."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.codes import frequencies, sqlite_search
from apps.codes.grams import find_tokens, miniprogram_token
from apps.codes.history import History, Wanted
from apps.codes.models import IssuedCode
from tests.integration.codes.rows import new_code
from tests.parts import make_miniprogram

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own index"),
]
COUNT = 600


@pytest.fixture(autouse=True)
def forgetful():
    frequencies.forget()
    yield
    frequencies.forget()


@pytest.fixture
def codes():
    """600 codes of two mini-programs, of which the first has nearly all."""
    shops = [make_miniprogram(appid=f"wx{number:016x}") for number in (1, 2)]
    IssuedCode.objects.bulk_create(
        new_code(
            shops[number % 100 == 0],
            f"table={number}",
            label="窗边 window" if number % 3 else "Roof",
            digest=f"{number:064d}",
        )
        for number in range(COUNT)
    )
    return shops


def asked_for(words, miniprogram_ids=None):
    return sqlite_search._choose(find_tokens(words), miniprogram_ids)


def test_a_small_history_is_asked_for_every_gram_without_a_sample(codes):
    with CaptureQueriesContext(connection) as queries:
        assert sorted(asked_for(["table"], [7])) == sorted(
            [*('"tab"', '"abl"', '"ble"'), f'("{miniprogram_token(7)}")']
        )
    assert len(queries) == 1


def test_an_empty_history_is_asked_for_every_gram(monkeypatch):
    monkeypatch.setattr(sqlite_search, "WORTH_A_SAMPLE", 0)
    assert len(asked_for(["table"])) == 3


def test_what_a_sample_shows_to_be_common_is_left_out(codes, monkeypatch):
    monkeypatch.setattr(sqlite_search, "WORTH_A_SAMPLE", COUNT // 2)
    # of so few codes the sample is most of them
    [[rarest], _beginnings] = find_tokens(["=77"])
    assert f'"{rarest}"' in asked_for(["table=77"])
    assert '"tab"' not in asked_for(["table=77"])
    rare = miniprogram_token(codes[1].pk)
    # nearly all are of the other one, which says nothing
    assert asked_for(["window"], [codes[0].pk, codes[1].pk]) == asked_for(["window"])
    assert f'("{rare}")' in asked_for(["window"], [codes[1].pk])


def test_the_sample_is_spread_over_the_whole_history(codes, monkeypatch):
    monkeypatch.setattr(sqlite_search, "WORTH_A_SAMPLE", COUNT // 2)
    known = sqlite_search._sample()
    assert known is not None and known.rows == COUNT
    assert known.otherwise == 1 / sqlite_search.SAMPLE
    assert 0.55 < known.of("win") < 0.78
    assert known.of("tab") == 1.0


def test_the_same_is_found_with_a_sample_and_without(codes, monkeypatch):
    dice = random.Random(5)
    asked = ["table=77", "roof", "窗", "le=1 边 w", "wind oof", "=599", "7 roof", "nothing", "t", "table window"]
    asked += [f"table={dice.randrange(COUNT)}" for _ in range(10)]
    for is_sampled in (False, True):
        monkeypatch.setattr(sqlite_search, "WORTH_A_SAMPLE", 0 if is_sampled else COUNT)
        frequencies.forget()
        for words in asked:
            for appids in (None, frozenset({codes[1].appid}), frozenset(shop.appid for shop in codes)):
                expected = IssuedCode.objects.order_by("-id")
                if appids is not None:
                    expected = expected.filter(miniprogram__appid__in=appids)
                for word in words.split():
                    expected = expected.filter(search_text__contains=word)
                found = [row.id for row in History(Wanted(words=words, appids=appids))[:50]]
                assert found == list(expected.values_list("pk", flat=True)[:50]), (is_sampled, words, appids)
