"""Sentences that former versions stored, told in the words of today."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from apps.retold import FORMER, retold
from tests.unit.guards.test_translations import read_catalogue

FORMERLY = json.loads((Path(settings.LOCALE_PATHS[0]) / FORMER).read_text(encoding="utf-8"))
# as rows of batches, the record of tokens and the audit trail have them
STORED = [
    (
        "The process that asked WeChat died before the answer was stored.",
        "The worker stopped before WeChat’s response was saved.",
    ),
    ("WeChat answered 48001: api unauthorized", "WeChat returned 48001: api unauthorized"),
    ("Took its pictures as a ZIP.", "Downloaded its images (ZIP)."),
    (
        "The picture is 64 x 64 px, no code has that size.",
        "The image is 64 x 64 px, which is not a valid size for a code.",
    ),
]


@pytest.mark.parametrize(("stored", "today"), STORED)
def test_a_stored_sentence_is_told_in_the_words_of_today(stored, today):
    with override("en"):
        assert retold(stored) == today
    with override("zh-hans"):
        assert retold(stored) == retold(today) != today


def test_the_apostrophe_of_former_versions_is_known():
    told = retold("WeChat's response contains no access_token.")
    assert told == "WeChat’s response contains no access_token."


def test_every_former_wording_leads_to_a_text_of_the_catalogue():
    catalogue = read_catalogue()
    assert not {text for text in FORMERLY.values() if text not in catalogue}
    assert not {wording for wording in FORMERLY if wording in catalogue}
