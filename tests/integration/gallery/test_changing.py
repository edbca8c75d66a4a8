"""Label, tags and the archive of one code, changed on its page."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry

from apps.codes.models import IssuedCode
from apps.overview.audit import in_words
from tests.integration.gallery.colleagues import enter
from tests.integration.gallery.staff import issue
from tests.integration.gallery.test_trail import newest

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(miniprogram):
    return issue(miniprogram, "table=7", label="Window", tags=["hall"])


def tags_of(code):
    return sorted(code.tags.values_list("name", flat=True))


def test_label_and_tags_are_changed_and_the_page_says_so(staff, code):
    answer = staff.post(f"/codes/{code.pk}/change/?q=table", {"label": " 靠窗 ", "tags": "terrace， 2026、hall; "})
    assert answer["Location"] == f"/codes/{code.pk}/?q=table&told=changed"
    code.refresh_from_db()
    assert (code.label, tags_of(code)) == ("靠窗", ["2026", "hall", "terrace"])
    text = staff.get(answer["Location"]).text
    assert "Label and tags saved." in text
    assert 'value="靠窗"' in text
    told = "Changed label from “Window” to “靠窗”. Added to tags: 2026, terrace."
    assert newest()[:2] == ("anna", CHANGE) and in_words(LogEntry.objects.get()) == told
    assert f'href="/codes/{code.pk}/' in staff.get("/?q=靠窗").text


def test_both_can_be_taken_away(staff, code):
    staff.post(f"/codes/{code.pk}/change/", {"label": "", "tags": ""})
    code.refresh_from_db()
    assert (code.label, tags_of(code)) == ("", [])


def test_of_label_and_tags_the_trail_has_what_changed(staff, code):
    staff.post(f"/codes/{code.pk}/change/", {"label": "Window", "tags": "hall, 2026"})
    assert in_words(LogEntry.objects.get()) == "Added to tags: 2026."


def test_what_is_the_same_is_not_in_the_trail(staff, code):
    answer = staff.post(f"/codes/{code.pk}/change/", {"label": "Window", "tags": "hall"})
    assert answer["Location"] == f"/codes/{code.pk}/"
    staff.post(f"/codes/{code.pk}/restore/")
    assert not LogEntry.objects.exists()


def test_what_cannot_be_is_told_in_the_box_with_what_was_typed(staff, code):
    answer = staff.post(f"/codes/{code.pk}/change/", {"label": "x" * 101, "tags": "y" * 51})
    assert answer.status_code == 400
    assert '<details class="confirm" name="asking" open>' in answer.text
    assert f'value="{"x" * 101}"' in answer.text and f'value="{"y" * 51}"' in answer.text
    assert '<ul class="errorlist" id="new-label_error">' in answer.text
    assert '<ul class="errorlist" id="new-tags_error">' in answer.text
    code.refresh_from_db()
    assert code.label == "Window"


def test_the_archive_and_back(staff, code):
    answer = staff.post(f"/codes/{code.pk}/archive/")
    text = staff.get(answer["Location"]).text
    assert "Code archived" in text
    assert f"/codes/{code.pk}/restore/" in text and f"/codes/{code.pk}/archive/" not in text
    assert IssuedCode.objects.current().count() == 0
    assert newest()[2] == "Archived."
    answer = staff.post(f"/codes/{code.pk}/restore/")
    assert "Code restored" in staff.get(answer["Location"]).text
    assert IssuedCode.objects.current().count() == 1
    assert newest()[2] == "Restored from the archive."


def test_a_sentence_in_the_address_that_is_not_so_is_not_said(staff, code):
    assert "Code archived" not in staff.get(f"/codes/{code.pk}/?told=archived").text


def test_nothing_is_changed_by_following_a_link(staff, code):
    for way in ("change", "archive", "restore"):
        assert staff.get(f"/codes/{code.pk}/{way}/")["Location"] == f"/codes/{code.pk}/"
    assert not LogEntry.objects.exists()


def test_who_may_only_look_is_not_asked(miniprogram, code):
    text = enter(miniprogram).get(f"/codes/{code.pk}/").text
    assert "/change/" not in text and "/archive/" not in text
