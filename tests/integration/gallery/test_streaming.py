"""The gallery's home in pieces: the head first, then cards that ask the database nothing, in the reader's own way."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from apps.codes.models import IssuedCode
from apps.gallery.streaming import PIECE, PLACE
from tests.integration.gallery.staff import copy_rows, issue, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    """Django's own client, which leaves the pieces to the test."""
    client = Client()
    client.force_login(make_staff())
    return client


def test_the_head_comes_before_the_cards_and_these_a_screen_at_a_time(reader, miniprogram):
    copy_rows(issue(miniprogram, "a=1", label="Terrace"), count=60)
    answer = reader.get("/?q=terrace")
    assert answer.streaming and answer["X-Accel-Buffering"] == "no"
    with CaptureQueriesContext(connection) as queries:
        head, *cards, foot = (piece.decode() for piece in answer.streaming_content)
    assert not queries.captured_queries
    assert "gallery.css" in head and 'value="terrace"' in head and head.rstrip().endswith(">") and "<h2>" not in head
    assert [each.count('<li class="card">') for each in cards] == [PIECE, PIECE, 60 - 2 * PIECE]
    assert ["Load more" in each for each in cards] == [False, False, True]
    assert foot.rstrip().endswith("</html>")
    assert PLACE not in head + "".join(cards) + foot


def test_pieces_are_in_the_readers_language_and_zone_whenever_they_are_taken(reader, miniprogram):
    issue(miniprogram, "a=1", env_version="trial")
    IssuedCode.objects.update(issued_at="2026-05-03T04:05:00Z")
    reader.cookies["wxcode_timezone"] = "America/New_York"
    answer = reader.get("/", headers={"accept-language": "zh-CN"})
    with translation.override("en"), timezone.override("UTC"):
        text = answer.getvalue().decode()
        assert translation.get_language() == "en" and timezone.get_current_timezone_name() == "UTC"
    assert "2026-05-03 00:05" in text and "体验版" in text and ">trial<" not in text


def test_what_a_reader_types_never_moves_the_cards(reader, miniprogram):
    issue(miniprogram, "a=1", label="<!-- -->")
    text = reader.get("/?q=%3C!--").getvalue().decode()
    assert text.index("</form>") < text.index('<ul class="cards"') < text.index('<li class="card">')


def test_pages_without_cards_and_fragments_come_in_one_piece(reader, miniprogram):
    assert not reader.get("/").streaming
    issue(miniprogram, "a=1")
    assert not reader.get("/?q=elephant").streaming
    assert not reader.get("/", headers={"HX-Request": "true", "HX-Target": "results"}).streaming
