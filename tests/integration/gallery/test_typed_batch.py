"""A session that ends while a batch is typed in: after the login the form is as it was, and what is lost is said."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User

from apps.batches.models import CodeBatch
from tests.integration.gallery.test_new_batch import ADDRESS, PATTERN, csv_file, no_uploads, send, token_in  # noqa: F401
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


def come_back(staff, chosen, /, **typed):
    """Send the form after the session has ended, log in, and see where that leads."""
    staff.logout()
    to_login = urlsplit(send(staff, chosen, **typed)["Location"])
    assert to_login.path == "/login/"
    (address,) = parse_qs(to_login.query)["next"]
    assert urlsplit(address).path == ADDRESS and len(address) < 7000
    staff.force_login(User.objects.get())
    return staff.get(address)


def test_what_was_typed_is_there_after_the_login(staff, miniprogram):
    other = make_miniprogram(name="Second")
    typed = {"name": "Tables & spring", "text": "t=1,窗边\nt=2,<two>", "tags": "hall", "width": "860"}
    typed |= {"check_path": None, "is_hyaline": "on", "color": "own", "line_color": "#0b7a45"}
    text = come_back(staff, other, **typed).text
    assert "nothing was started" in text and "wasn’t kept" not in text
    for value in ("Tables &amp; spring", "hall", "860", "#0b7a45"):
        assert f'value="{value}"' in text
    assert "t=1,窗边\nt=2,&lt;two&gt;</textarea>" in text
    assert f'<option value="{other.appid}" selected>' in text
    assert '<input type="radio" name="source" value="text" checked>' in text
    assert re.search(r'<input type="checkbox" name="is_hyaline"[^>]* checked', text)
    assert not re.search(r'<input type="checkbox" name="check_path"[^>]* checked', text)
    assert not CodeBatch.objects.exists()


def test_a_pattern_comes_back_with_its_variables(staff, miniprogram):
    text = come_back(staff, miniprogram, source="pattern", text="", **PATTERN).text
    for name, value in PATTERN.items():
        assert re.search(f'name="{name}" value="{re.escape(value.replace("&", "&amp;"))}"', text), name
    assert "r=terrace&amp;t=010" in text


def test_a_chosen_file_is_lost_and_that_is_said(staff, miniprogram):
    text = come_back(staff, miniprogram, source="file", text="", name="Spring", file=csv_file()).text
    assert "The file wasn’t kept. Choose it again." in text
    assert 'value="Spring"' in text


def test_a_file_that_is_kept_already_stays_chosen(staff, miniprogram):
    token = token_in(send(staff, miniprogram, source="file", text="", file=csv_file(name="spring.csv")))
    answer = come_back(staff, miniprogram, source="file", text="", kept=token)
    assert token_in(answer) == token
    assert "spring.csv" in answer.text and "wasn’t kept" not in answer.text


def test_the_kept_file_of_somebody_else_is_not_shown(staff, miniprogram):
    answer = staff.get(f"{ADDRESS}?away=1&kept=made-up")
    assert token_in(answer) is None
    assert "The file wasn’t kept" in answer.text


def test_rows_too_long_for_an_address_are_lost_and_the_rest_is_not(staff, miniprogram):
    text = come_back(staff, miniprogram, text="t=1,one\n" * 2000, name="Spring").text
    assert "The pasted rows were too long to keep. Paste them again." in text
    assert 'value="Spring"' in text


def test_what_is_too_long_as_a_whole_is_said_to_be_lost(staff, miniprogram):
    text = come_back(staff, miniprogram, name="n" * 9000).text
    assert "What you entered was too long to keep" in text


@pytest.mark.parametrize("query", ["source=none&kind=none&width=wide&lost=x", "text=%00&scene_pattern=%7B&away=&kept="])
def test_nonsense_in_the_address_is_a_form_all_the_same(staff, miniprogram, query):
    assert staff.get(f"{ADDRESS}?{query}").status_code == 200
