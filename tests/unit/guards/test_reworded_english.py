"""The English catalogue: texts that Django and Django REST framework still have, in our words, and compiled."""

import gettext
from pathlib import Path

import django
import pytest
import rest_framework
from django.utils.translation import gettext as translate
from django.utils.translation import override

from tests.unit.guards.test_translations import BASE_DIR, PLACEHOLDER, read_catalogue

CATALOGUE = BASE_DIR / "wxcode/locale/en/LC_MESSAGES/django.po"


@pytest.fixture(scope="module")
def reworded():
    return {text: entry.translation for text, entry in read_catalogue(CATALOGUE).items()}


def test_each_text_is_one_that_is_still_used(reworded):
    django_catalogues = [
        read_catalogue(Path(django.__file__).parent / room / "locale/en/LC_MESSAGES/django.po")
        for room in ("conf", "contrib/admin", "contrib/auth")
    ]
    framework = Path(rest_framework.__file__).parent / "locale/zh_Hans/LC_MESSAGES/django.mo"
    with framework.open("rb") as file:
        known = set(gettext.GNUTranslations(file)._catalog).union(*django_catalogues)
    assert reworded and set(reworded) <= known


def test_each_text_keeps_its_placeholders_and_is_what_a_page_says(reworded):
    for text, words in reworded.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(words)), text
        with override("en"):
            assert translate(text) == words
