"""The pages of Django's own refusals, and the branding of the admin."""

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.integration.gallery.staff import make_staff


def test_an_unknown_address_is_a_page_of_ours(client, db):
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_the_500_page_needs_neither_database_nor_context():
    # no database fixture: a query would fail the test
    assert "Something went wrong" in render_to_string("500.html")


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html"])
def test_the_other_error_pages_need_no_context_either(name):
    assert 'href="/"' in render_to_string(name)


def test_a_form_without_its_token_says_what_to_do(db):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff())
    answer = strict.post("/make/", {})
    assert answer.status_code == 403
    assert "This form has expired" in answer.text


def test_a_form_of_a_page_whose_origin_is_hidden_is_told_so(db):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff())
    answer = strict.post("/make/", {}, headers={"Origin": "null"})
    assert answer.status_code == 403
    assert "“Origin: null”" in answer.text and "<h1>This form has expired" not in answer.text


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"origin": "null"}, "Referrer-Policy: no-referrer"),
        ({}, "Referrer-Policy: no-referrer"),
        ({"origin": "https://other.example"}, "https://other.example"),
        ({"origin": "https://other.example"}, "CSRF_TRUSTED_ORIGINS"),
        ({"referer": "https://testserver/login/"}, "Allow cookies"),
    ],
)
def test_a_form_that_is_refused_names_the_likely_cause(db, headers, words):
    answer = Client(enforce_csrf_checks=True).post("/login/", {}, headers=headers, secure=True)
    assert answer.status_code == 403 and words in answer.text
    assert "The page had been open for too long" not in answer.text


def test_the_admin_bears_the_name_and_leads_back_to_the_gallery(staff):
    text = staff.get("/admin/").text
    assert "<title>Overview | wxcode</title>" in text
    assert '<a href="/">Gallery</a>' in text
    assert "View site" not in text
