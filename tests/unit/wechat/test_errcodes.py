"""The table of errcodes is complete, and every text in it helps somebody."""

import re

import pytest
from django.utils import translation

from apps.wechat.errcodes import ALL_ERRCODES, Handling, find_errcode
from apps.wechat.refusals import ERRORS

T, B, Q = Handling.TOKEN, Handling.BUSY, Handling.QUOTA
O, I, P = Handling.OPERATOR, Handling.INPUT, Handling.PERMANENT  # noqa: E741

# Section 10 of the WeChat contract, row by row. Where a row gives two classes, the one that is safe for both
# readings was chosen: an operator's job before a caller's, and never a blind repetition.
CONTRACT: list[tuple[list[int], Handling | None]] = [
    ([-1], B),
    ([40001], T),
    ([40002], I),
    ([40013], O),
    ([40014], T),
    ([40033, 47002], I),
    ([40066], I),
    ([40097], I),
    ([40125], O),
    ([40129], I),
    ([40159], I),
    ([40164], O),
    ([40165, 40212], I),
    ([40169], I),
    ([40189], I),
    ([40201, 40202, 40203], I),
    ([40225], I),
    (list(range(40230, 40241)), O),
    ([40243], O),
    ([41001], I),
    ([41002, 41004], O),
    ([41018, 41021], I),
    ([41030], I),
    ([42001, 42006], T),
    ([42007], O),
    ([43002, 43003], I),
    ([43104], O),
    ([44002], I),
    ([44990], B),
    ([44993], Q),
    ([45009], Q),
    ([45011], B),
    ([45029], P),
    ([45035, 61004], O),
    ([45063], O),
    ([47001], I),
    ([48001], O),
    ([48004], O),
    ([48006], Q),
    ([50002], O),
    ([50004, 50007], O),
    ([61003], O),
    ([61005, 61006], B),
    ([61007], O),
    ([61009, 61010], I),
    ([61011], O),
    ([61014, 61015], I),
    (list(range(61016, 61023)), O),
    ([61023], O),
    # a mistake of the program when it concerns our own calls, but with us only a wrong AppID in the admin causes it
    ([61024], O),
    ([61028], O),
    ([76001, 76002, 76003, 76004, 76021, 76022], I),
    ([*range(85006, 85013), 85023], I),
    ([85013, 85014, *range(85043, 85049)], I),
    ([85015, 85016, 85017], I),
    ([85018], O),
    ([85019, 85020], I),
    ([85064], I),
    ([85065], O),
    (list(range(85066, 85077)), None),
    ([85079], O),
    ([85085], Q),
    ([85086], I),
    ([85096], I),
    ([85400], P),
    ([85401, 85402, 85403, 85405], I),
    ([85406], Q),
    ([85407, 85408], O),
    (list(range(86000, 86011)), O),
    ([87011, 87012], P),
    ([87013], Q),
    ([89019, 89020, 89021, 89029, 89231], I),
    (list(range(89501, 89506)), O),
    ([89506, 89507], O),
    ([9800003, 9800007, 9800008, 9800009], I),
]
CREDENTIAL_CODES = [40013, 40125, 40164, 40243, 45009, 50004, 50007, 61024, *range(89501, 89508)]


def test_every_errcode_of_the_contract_is_in_the_table():
    expected = [(errcode, handling) for errcodes, handling in CONTRACT for errcode in errcodes]
    wrong = [
        errcode
        for errcode, handling in expected
        if (entry := find_errcode(errcode)) is None
        or entry.errcode != errcode
        or handling not in (None, entry.handling)
    ]
    assert not wrong


def test_no_errcode_is_in_two_families():
    from apps.wechat import errcodes

    entries = [entry for family in errcodes._FAMILIES for entry in family.ERRCODES]
    assert len(entries) == len({entry.errcode for entry in entries}) == len(ALL_ERRCODES)


def test_success_is_no_errcode():
    assert find_errcode(0) is None


def test_token_errors_are_exactly_those_that_a_new_token_cures():
    found = {entry.errcode for entry in ALL_ERRCODES.values() if entry.handling is Handling.TOKEN}
    # 42006 is that of a third-party platform, which the design counts apart
    assert found == {40001, 40014, 42001, 42006}


def test_every_handling_has_an_error_of_its_own():
    assert set(ERRORS) == set(Handling)
    assert len(set(ERRORS.values())) == len(Handling)


def is_sentence(text: str, *, end: str) -> bool:
    return text == text.strip() and text.endswith(end) and "  " not in text


def test_every_text_is_a_sentence_in_its_own_language():
    entries = ALL_ERRCODES.values()
    english = [text for entry in entries for text in (entry.meaning_en, entry.cure_en)]
    assert not [text for text in english if not (is_sentence(text, end=".") and text[0].isascii())]
    chinese = [text for entry in entries for text in (entry.meaning_zh, entry.cure_zh)]
    assert not [text for text in chinese if not (is_sentence(text, end="。") and re.search("[\u4e00-\u9fff]", text))]


def test_the_cures_of_credential_problems_say_where_to_click():
    places = ("开发管理", "通知中心", "账号解冻")
    cures = [(ALL_ERRCODES[errcode].cure_en, ALL_ERRCODES[errcode].cure_zh) for errcode in CREDENTIAL_CODES]
    assert not [cure for both in cures for cure in both if not any(place in cure for place in places)]


def test_exactly_what_passes_by_itself_says_when():
    passing, lasting = (Handling.BUSY, Handling.QUOTA), (Handling.INPUT, Handling.PERMANENT, Handling.TOKEN)
    entries = ALL_ERRCODES.values()
    assert not [entry.errcode for entry in entries if entry.handling in passing and not (entry.retry_after or 0) > 0]
    assert not [entry.errcode for entry in entries if entry.handling in lasting and entry.retry_after is not None]


@pytest.mark.parametrize(
    ("language", "word"), [("en", "wrong"), ("zh-hans", "错误"), ("zh-cn", "错误"), ("de", "wrong")]
)
def test_texts_follow_the_active_language(language, word):
    entry = find_errcode(40125)
    assert entry is not None
    with translation.override(language):
        assert word in entry.meaning
        assert ("粘贴" in entry.cure) is language.startswith("zh")


def test_a_lazy_text_follows_its_reader_and_not_its_writer():
    entry = find_errcode(40125)
    assert entry is not None
    with translation.override("en"):
        meaning, cure = entry.lazy_meaning, entry.lazy_cure
    with translation.override("zh-hans"):
        assert str(meaning) == entry.meaning_zh and str(cure) == entry.cure_zh
    with translation.override(None):
        assert str(meaning) == entry.meaning_en
