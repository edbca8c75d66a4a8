"""Search: every text that contains the words is found, whatever their length, and the index never falls behind."""

import random

import pytest
from django.db import connection

from apps.codes.grams import find_tokens, find_words, gram_text
from apps.codes.history import History, Wanted
from apps.codes.models import IssuedCode
from tests.integration.codes.rows import make_code, new_code
from tests.parts import make_api, make_miniprogram

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
LABELS = [
    "一楼大厅 table 7",
    "大厅",
    "Window, left",
    "a\\b",
    "100%_sure",
    "🎉 party",
    "ÇELİK straße",
    "'quoted' \"twice\"",
    "x",
    "",
    "한국어 방",
    "(a | b) & !c:*",
    "ab abc abcd",
]


@pytest.fixture
def miniprogram(db):
    return make_miniprogram()


@pytest.fixture
def codes(miniprogram):
    return [make_code(miniprogram, f"n={number}", label=label) for number, label in enumerate(LABELS)]


def found(words, **wanted):
    return [row.id for row in History(Wanted(words=words, **wanted))[:100]]


def expected(codes, words):
    return [
        code.pk for code in reversed(codes) if all(word in code.make_search_text() for word in words.lower().split())
    ]


def test_every_part_of_every_text_finds_what_contains_it(codes):
    dice = random.Random(5)
    parts = {
        "7",
        "大",
        "大厅",
        "AB",
        "abc",
        "E 7",
        "%",
        "_",
        "\\",
        "'",
        '"',
        "(",
        "&",
        ":*",
        "🎉",
        "n=1",
        "zz",
        "龘",
        "方",
    }
    for code in codes:
        text = code.make_search_text().replace("\n", " ")
        for _ in range(12):
            start = dice.randrange(len(text))
            parts.add(text[start : start + dice.randrange(1, 7)])
    for words in parts:
        if words.strip():
            assert found(words) == expected(codes, words), words


def test_two_words_must_both_occur(codes):
    assert found("table 大厅") == [codes[0].pk]
    assert found("大厅 window") == []


def test_a_word_is_found_across_no_border_of_two_fields(miniprogram):
    make_code(miniprogram, "abc", label="def")
    assert found("cd") == found("abcdef") == []


def test_a_search_stays_inside_the_mini_programs_of_the_key(codes):
    other = make_miniprogram()
    theirs = make_code(other, "n=1")
    assert found("n=1", appids=frozenset({other.appid})) == [theirs.pk]
    assert found("n=1", appids=frozenset({other.appid, codes[0].miniprogram.appid}))[0] == theirs.pk
    assert found("n=1", appids=frozenset({"wx" + "0" * 16})) == []


def test_the_index_keeps_step_with_changes_in_bulk_one_by_one_and_by_deletion(miniprogram):
    IssuedCode.objects.bulk_create([new_code(miniprogram, f"bulk={number}") for number in range(3)])
    assert len(found("bulk=")) == 3
    code = IssuedCode.objects.get(scene="bulk=1")
    code.label = "Elephant"
    code.save()
    assert found("elephant") == [code.pk]
    code.label = "Mouse"
    code.save()
    assert found("elephant") == []
    assert found("mous") == [code.pk]
    code.delete()
    assert found("mous") == []
    assert len(found("bulk=")) == 2


def test_pages_of_a_search_follow_each_other(miniprogram):
    for number in range(7):
        make_code(miniprogram, f"n={number}", label="hall")
    api = make_api()
    seen, address = [], "/api/v1/codes/?limit=3&search=hal"
    while address:
        page = api.get(address).json()
        seen += [row["scene"] for row in page["results"]]
        address = page["next"]
    assert seen == [f"n={number}" for number in reversed(range(7))]
    back = api.get(page["previous"]).json()
    assert [row["scene"] for row in back["results"]] == ["n=3", "n=2", "n=1"]


@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_rare_words_are_found_behind_the_newest_codes(miniprogram, monkeypatch):
    monkeypatch.setattr("apps.codes.history.LOOKED_THROUGH", 2)
    old = [make_code(miniprogram, f"old={number}", label="elephant") for number in range(3)]
    for number in range(5):
        make_code(miniprogram, f"new={number}")
    assert found("elephant") == [code.pk for code in reversed(old)]


def test_tokens_are_letters_only_so_that_no_text_is_a_query():
    grams, beginnings = find_tokens(find_words("a&b' OR 1:* \\"))
    assert all(token.isalnum() for token in grams + beginnings)
    assert all(token.isalnum() for token in gram_text("'); DROP\n\t🎉\u0300", miniprogram_id=7).split())


def test_sqlite_keeps_an_index_that_agrees_with_the_table(codes):
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # raises "database disk image is malformed" if it does not
            cursor.execute("INSERT INTO codes_search(codes_search, rank) VALUES ('integrity-check', 1)")
