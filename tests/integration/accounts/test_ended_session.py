"""The login says that a session has ended, whatever the browser did since, and nothing to who had none."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.integration.gallery.staff import PASSWORD

pytestmark = pytest.mark.django_db
ENDED = "Your session has ended. Log in to continue"
KEPT = "what you entered is kept"


@pytest.fixture
def browser(anna, knock):
    """Its session has just ended."""
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    Session.objects.all().delete()
    return browser


def test_a_page_leads_to_a_login_that_says_why(browser):
    login = browser.get("/batches/", follow=True)
    assert ENDED in login.text and KEPT not in login.text


def test_what_a_page_asks_by_itself_does_not_use_up_the_reason(browser):
    for address in ("/make/scene/?scene=a", "/batches/1/live/", "/batches/ended/"):
        browser.get(address, headers={"HX-Request": "true"})
    assert ENDED in browser.get("/login/").text
    assert ENDED in browser.get("/login/").text


def test_a_form_and_a_search_are_kept_and_the_login_says_so(browser):
    login = browser.post("/make/", {"scene": "a=1", "label": "窗边"}, follow=True)
    assert ENDED in login.text and KEPT in login.text
    assert KEPT in browser.get("/?q=hall", follow=True).text


def test_nothing_is_promised_for_a_form_that_was_too_long(browser):
    login = browser.post("/batches/new/", {"source": "text", "text": "x" * 9000}, follow=True)
    assert ENDED in login.text and KEPT not in login.text


def test_the_login_forgets_it(browser, knock):
    browser.get("/batches/")
    assert "wxcode_ended" in browser.cookies
    knock("anna", PASSWORD, client=browser)
    assert not browser.cookies["wxcode_ended"].value
    browser.post("/logout/")
    assert ENDED not in browser.get("/login/").text


def test_strangers_and_who_logged_out_hear_nothing_of_it(anna, knock):
    browser = Client()
    assert ENDED not in browser.get("/", follow=True).text
    knock("anna", PASSWORD, client=browser)
    assert ENDED not in browser.post("/logout/", follow=True).text
    assert ENDED not in browser.get("/", follow=True).text
