"""The pages of one's own account: the navigation around them, and the one for another password."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from tests.integration.accounts.enrolled import enrol
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
NEW = "another correct horse"
OWN_PAGES = ("/account/", "/account/password/", "/account/second-factor/", "/account/second-factor/remove/")


@pytest.fixture
def browser(anna, knock):
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    return browser


def change(browser, *, old=PASSWORD, new=NEW, again=NEW):
    return browser.post("/account/password/", {"old_password": old, "new_password1": new, "new_password2": again})


def test_every_page_has_navigation_and_a_way_out(browser):
    for page in OWN_PAGES:
        text = browser.get(page).text
        assert 'href="/batches/"' in text and 'action="/logout/"' in text and 'href="/admin/"' in text, page


def test_an_account_that_is_not_staff_gets_no_links_to_what_is_for_staff(knock):
    make_staff("bob", password=PASSWORD, is_staff=False, is_superuser=False)
    browser = Client()
    knock("bob", PASSWORD, client=browser)
    text = browser.get("/account/").text
    assert 'action="/logout/"' in text and 'href="/batches/"' not in text
    assert change(browser)["Location"] == "/account/"
    assert User.objects.get(username="bob").check_password(NEW)


def test_who_still_owes_a_code_gets_no_navigation(settings, anna, knock):
    settings.REQUIRE_SECOND_FACTOR = "staff"
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    text = browser.get("/account/second-factor/").text
    assert "must use a second factor" in text and 'href="/batches/"' not in text
    enrol(anna)
    assert browser.get("/account/password/")["Location"].startswith("/login/")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"old": "wrong"}, "Your old password was entered incorrectly"),
        ({"again": "something else 1"}, "two password fields"),
        ({"new": "short", "again": "short"}, "too short"),
    ],
)
def test_a_refused_password_is_told_beside_its_field_and_changes_nothing(browser, anna, given, told):
    answer = change(browser, **given)
    assert answer.status_code == 200 and told in answer.text and 'aria-invalid="true"' in answer.text
    assert not [word for word in (PASSWORD, NEW, "something else 1") if word in answer.text]
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD) and not LogEntry.objects.exists()


def test_the_admins_own_page_leads_to_the_same_one(browser):
    assert browser.get("/admin/password_change/")["Location"] == "/account/password/"
    assert Client().get("/admin/password_change/")["Location"].startswith("/admin/login/")
