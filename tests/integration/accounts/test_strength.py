"""The meter beside a new password: what it says, to whom, and that nothing of the password stays anywhere."""

import logging

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from apps.accounts.strength import BEST, measure
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
ADDRESS = "/account/password-strength/"


@pytest.fixture
def browser(client, anna):
    client.force_login(anna)
    return client


@pytest.mark.parametrize(
    ("password", "score", "words"),
    [
        ("", 0, "at least 12 characters"),
        ("eleven char", 0, "at least 12 characters"),
        ("qwerty123456", 0, "too common"),
        ("annaannaanna", 1, "Weak"),
        ("aaaaaaaaaaaaaa", 1, "Weak"),
        ("another correct horse", BEST, "Strong"),
        ("密码可以是中文的一句话吧真的", BEST, "Strong"),
        ("p" * 129, 0, "limit is 128"),
    ],
)
def test_it_says_how_hard_a_password_is_to_guess_or_why_it_would_be_refused(browser, password, score, words):
    answer = browser.post(ADDRESS, {"password": password})
    assert (answer.status_code, answer.json()["score"]) == (200, score)
    assert words in answer.json()["words"] and "no-store" in answer["Cache-Control"]


def test_it_says_so_in_the_readers_language(browser):
    answer = browser.post(ADDRESS, {"password": "eleven char"}, headers={"accept-language": "zh-CN"})
    assert answer.json()["words"].startswith("不会被接受：密码长度太短")


def test_the_holders_own_names_make_it_weaker(db):
    names = make_staff("winterbottom", first_name="Persephone", last_name="Quackenbush")
    assert measure("quackenbush persephone", names).score < measure("quackenbush persephone", make_staff()).score


def test_the_longest_password_that_is_taken_costs_no_time(anna):
    assert measure("a1" * 64, anna).score == 1


def test_nobody_asks_without_a_login_or_the_token_of_a_form(anna):
    assert Client().post(ADDRESS, {"password": "x"})["Location"].startswith("/login/")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(anna)
    assert browser.post(ADDRESS, {"password": "x"}).status_code == 403
    assert browser.get(ADDRESS).status_code == 405


def test_nothing_of_it_is_logged_or_kept(browser, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = browser.post(ADDRESS, {"password": "a rather secret phrase"})
    assert "secret phrase" not in answer.text + caplog.text
    assert not [row for row in Session.objects.all() if "secret phrase" in str(row.get_decoded())]


@pytest.mark.parametrize("page", ["/login/", "/account/password/", "/admin/auth/user/add/", "other"])
def test_pages_with_a_password_bring_the_script(anna, page):
    browser = Client()
    if page != "/login/":
        browser.force_login(anna)
    answer = browser.get(page if page != "other" else f"/admin/auth/user/{anna.pk}/password/")
    assert "accounts/password.js" in answer.text and f'data-address="{ADDRESS}"' in answer.text
    assert PASSWORD not in answer.text
