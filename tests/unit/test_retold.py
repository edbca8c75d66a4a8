"""Stored sentences in the active language, whatever language they were written in."""

import pytest
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.retold import retold

ENGLISH = "The environment variable TEA_SECRET is not set."


def chinese_of(text: str) -> str:
    with override("zh-hans"):
        return retold(text)


def test_a_sentence_with_a_name_in_it_is_told_in_chinese_with_the_same_name():
    with override("zh-hans"):
        expected = _("The environment variable %(name)s is not set.") % {"name": "TEA_SECRET"}
    assert "TEA_SECRET" in expected and expected != ENGLISH
    assert chinese_of(ENGLISH) == expected


def test_a_sentence_that_was_stored_in_chinese_is_told_in_english():
    stored = chinese_of(ENGLISH)
    with override("en"):
        assert retold(stored) == ENGLISH


def test_a_sentence_without_a_name_is_told_too():
    told = chinese_of("Set it for every web and worker process and restart them.")
    assert not told.isascii()


def test_a_sentence_inside_of_a_sentence_is_told_with_it():
    told = chinese_of(f"{ENGLISH} WeChat saw this server as 203.0.113.7.")
    assert told.startswith(chinese_of(ENGLISH))
    assert "203.0.113.7" in told and "WeChat saw" not in told


@pytest.mark.parametrize(
    "text", ["", "client:shop", "invalid appsecret, rid: 6560e2ab", "5 of 7", "100 %", "a\nb {x} %(y)s"]
)
def test_what_is_no_sentence_of_ours_stays_as_it_is(text):
    assert chinese_of(text) == text


def test_braces_and_percent_signs_in_what_is_told_are_only_text():
    told = chinese_of("The environment variable {name}%(name)s%% is not set.")
    assert "{name}%(name)s%%" in told


def test_the_language_of_the_reader_changes_nothing_that_is_already_in_it():
    with override("en"):
        assert retold(ENGLISH) == ENGLISH
    assert chinese_of(chinese_of(ENGLISH)) == chinese_of(ENGLISH)
