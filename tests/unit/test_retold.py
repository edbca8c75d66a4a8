"""Stored sentences in the active language, whatever language they were written in."""

import pytest
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.retold import retold, tell_cause, tell_cure
from apps.wechat.errcodes import ALL_ERRCODES, find_errcode

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
    told = chinese_of(f"{ENGLISH} WeChat sees this server’s IP address as 203.0.113.7.")
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


def test_what_wechat_said_is_told_inside_of_our_sentence():
    known = find_errcode(41030)
    told = chinese_of(f"WeChat returned 41030: {known.meaning_en}")
    assert known.meaning_zh in told and "WeChat" not in told
    with override("en"):
        assert retold(told) == f"WeChat returned 41030: {known.meaning_en}"
    advice = (
        "WeChat refused %(count)d rows in a row for this reason. Fix the cause, or resume to continue anyway. %(cure)s"
    )
    told = chinese_of(advice % {"count": 50, "cure": known.cure_en})
    assert told.endswith(known.cure_zh) and "50" in told and "rows" not in told


def test_every_text_of_the_table_of_errcodes_has_its_other_language():
    for entry in ALL_ERRCODES.values():
        assert not chinese_of(entry.cure_en).isascii()
        with override("en"):
            assert retold(entry.meaning_zh) == entry.meaning_en


@pytest.mark.parametrize("ip", ["203.0.113.7", "120.46.*.*", "2001:db8::7"])
def test_a_cause_is_told_by_its_errcode_with_the_address_that_wechat_saw(ip):
    known = find_errcode(40164)
    with override("zh-hans"):
        told = tell_cause(
            40164, f"WeChat returned 40164: a wording of another year WeChat sees this server’s IP address as {ip}."
        )
        assert told.startswith(known.meaning_zh) and ip in told and "year" not in told
        assert tell_cause(40164, "A wording of another year.") == known.meaning_zh
        assert tell_cure(40164, "An advice of another year.") == known.cure_zh


def test_an_unknown_errcode_or_none_is_told_as_it_was_stored():
    for errcode in (None, 99999999):
        assert tell_cause(errcode, "said by a proxy") == "said by a proxy"
        assert tell_cure(errcode, ENGLISH) == retold(ENGLISH)
