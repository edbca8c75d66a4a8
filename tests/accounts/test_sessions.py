"""Sessions and passwords: when a session ends, what a new password does to the others, which passwords are taken."""

import pytest
import time_machine
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
NEW = "another correct horse"


@pytest.fixture
def browser(anna, knock):
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    return browser


def minutes_later(minutes):
    return time_machine.travel(timezone.now() + timezone.timedelta(minutes=minutes))


def test_a_session_that_is_left_alone_ends_with_its_row(browser):
    with minutes_later(32):
        assert browser.get("/")["Location"] == "/login/?next=/"
    assert not Session.objects.exists()


def test_whoever_works_stays_logged_in_until_the_longest_time_is_over(browser):
    start = timezone.now()
    for minutes in range(0, 12 * 60 - 5, 25):
        with time_machine.travel(start + timezone.timedelta(minutes=minutes)):
            assert browser.get("/account/").status_code == 200, minutes
    with time_machine.travel(start + timezone.timedelta(minutes=12 * 60 + 1)):
        assert browser.get("/account/").status_code == 302


def test_an_operator_chooses_both_times(browser, settings):
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 600, 1
    with minutes_later(58):
        assert browser.get("/").status_code == 200
    with minutes_later(61):
        assert browser.get("/").status_code == 302


def test_a_session_is_written_once_a_minute_at_most(browser, django_assert_num_queries):
    session = Session.objects.get()
    browser.get("/account/")
    assert Session.objects.get().session_data == session.session_data
    with minutes_later(2):
        browser.get("/account/")
    assert Session.objects.get().session_data != session.session_data


def test_logging_in_changes_the_key_of_the_session(anna, knock):
    browser = Client()
    browser.get("/login/")
    session = browser.session
    session["kept"] = 1
    session.save()
    browser.cookies["sessionid"] = before = session.session_key
    knock("anna", PASSWORD, client=browser)
    assert browser.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_logging_out_ends_the_session_on_the_server_too(browser):
    key = browser.cookies["sessionid"].value
    browser.post("/logout/")
    stolen = Client()
    stolen.cookies["sessionid"] = key
    assert stolen.get("/").status_code == 302 and not Session.objects.filter(session_key=key).exists()


def test_a_new_password_ends_all_other_sessions(browser, knock):
    other = Client()
    knock("anna", PASSWORD, client=other)
    words = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert browser.post("/admin/password_change/", words).status_code == 302
    assert browser.get("/").status_code == 200 and other.get("/").status_code == 302


def test_the_other_sessions_are_counted_and_ended_on_demand(browser, knock):
    other = Client()
    knock("anna", PASSWORD, client=other)
    assert "logged in in 1 other browser" in browser.get("/account/").text
    browser.post("/account/sessions/")
    assert "logged in nowhere else" in browser.get("/account/").text
    assert browser.get("/").status_code == 200 and other.get("/").status_code == 302


def test_nobody_sees_the_account_page_without_a_session(client):
    for address in ("/account/", "/account/second-factor/", "/account/second-factor/remove/"):
        assert client.get(address)["Location"] == f"/login/?next={address}"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("eleven char", "at least 12 characters"),
        ("p " * 64 + "p", "has 129 characters, at most 128"),
        ("qwerty123456", "too common"),
        ("anna.operator", "too similar"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(browser, password, reason):
    User.objects.update(first_name="anna.operator")
    words = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    answer = browser.post("/admin/password_change/", words)
    assert reason in answer.text


@pytest.mark.parametrize(
    "password", ["twelve small letters", "密码可以是中文的一句话吧真的", "p " * 64, "🐎🔋📎🐎🔋📎🐎🔋📎🐎🔋📎"]
)
def test_no_rule_asks_for_kinds_of_characters_and_long_ones_are_taken(browser, knock, password):
    words = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    assert browser.post("/admin/password_change/", words).status_code == 302
    assert knock("anna", password)["Location"] == "/"


def test_passwords_are_hashed_by_argon2_and_old_hashes_follow_at_the_next_login(anna, knock):
    assert anna.password.startswith("argon2$argon2id$") and "m=19456,t=2,p=1" in anna.password
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    assert knock("anna", PASSWORD).status_code == 302
    anna.refresh_from_db()
    assert anna.password.startswith("argon2$") and check_password(PASSWORD, anna.password)


def test_an_account_without_the_admin_is_not_sent_round_in_circles(knock, db):
    make_staff("dora", password=PASSWORD, is_staff=False, is_superuser=False)
    browser = Client()
    answer = knock("dora", PASSWORD, client=browser, path="/admin/login/", next="/admin/")
    assert answer["Location"] == "/"
    assert browser.get("/admin/login/?next=/admin/")["Location"] == "/"
    assert "The gallery is for staff" in browser.get("/").text
