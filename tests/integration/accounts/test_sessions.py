"""Sessions and passwords: when a session ends, what a new password does to the others, which passwords are taken."""

import re

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apps.accounts import sessions
from tests.integration.accounts.enrolled import code_of, device_of, enrol
from tests.integration.gallery.staff import PASSWORD, make_staff
from tests.quick_hasher import QuickHasher
from wxcode import settings as shipped

pytestmark = pytest.mark.django_db
NEW = "another correct horse"
PHONE = (
    "Mozilla/5.0 (Linux; Android 15; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/134.0.0.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.60"
)
TABLET = (
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1"
)


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
    assert browser.post("/account/password/", words).status_code == 302
    assert browser.get("/").status_code == 200 and other.get("/").status_code == 302


def listed(browser):
    """The sessions on the account page: (browser, where it ends or "" for this one)."""
    text = browser.get("/account/").text
    rows = re.findall(r"<li>\s*<p><strong>.*?</li>", text, re.DOTALL)
    end = re.compile(r'action="(/account/sessions/\w+/)"')
    return [(re.search("<strong>(.*?)<", row)[1], (end.findall(row) or [""])[0]) for row in rows]


def test_the_other_sessions_are_listed_and_ended_on_demand(browser, knock):
    other = Client()
    knock("anna", PASSWORD, client=other)
    assert len(listed(browser)) == 2
    browser.post("/account/sessions/")
    assert len(listed(browser)) == 1 and "logged in anywhere else" in browser.get("/account/").text
    assert browser.get("/").status_code == 200 and other.get("/").status_code == 302
    entry = LogEntry.objects.get()
    assert (str(entry.user), entry.change_message) == ("anna", "Logged out everywhere else.")


def test_a_session_says_when_where_and_in_which_browser_and_is_ended_alone(browser, knock):
    phone, tablet = Client(headers={"user-agent": PHONE}), Client(headers={"user-agent": TABLET})
    knock("anna", PASSWORD, client=phone, address="203.0.113.7")
    knock("anna", PASSWORD, client=tablet)
    text = browser.get("/account/").text
    assert "203.0.113.7" in text and "this session" in text
    day = f"{timezone.localtime():%Y-%m-%d}"
    assert f"logged in {day}" in text and f"last active {day}" in text
    found = dict(listed(browser))
    assert set(found) == {"unknown browser", "WeChat, Android", "Safari, iPadOS"} and not found["unknown browser"]
    browser.post(found["WeChat, Android"])
    assert phone.get("/").status_code == 302 and tablet.get("/").status_code == 200
    assert "WeChat, Android" not in dict(listed(browser))
    assert LogEntry.objects.get().change_message == "Logged out another session."


def test_the_key_of_no_session_is_on_the_page(browser, knock):
    knock("anna", PASSWORD)
    text = browser.get("/account/").text
    assert Session.objects.count() == 2
    assert not [key for key in Session.objects.values_list("session_key", flat=True) if key in text]


def test_nobody_ends_the_session_of_somebody_else_or_this_very_one(browser, knock):
    make_staff("ben", password=PASSWORD)
    stranger = Client()
    knock("ben", PASSWORD, client=stranger)
    knock("anna", PASSWORD)
    (where,) = [where for _browser, where in listed(browser) if where]
    stranger.post(where)
    assert len(listed(browser)) == 2
    (own,) = [row for row in Session.objects.all() if row.session_key == browser.session.session_key]
    browser.post(f"/account/sessions/{sessions._name(own)}/")
    assert browser.get("/account/").status_code == 200
    assert browser.get(where).status_code == 405 and Client().post(where)["Location"].startswith("/login/")


def test_only_sessions_that_open_something_are_listed(browser, knock, anna):
    knock("anna", PASSWORD)
    User.objects.filter(pk=anna.pk).update(password=make_password(NEW))
    again = Client()
    knock("anna", NEW, client=again)
    assert len(listed(again)) == 1, "those before have the old password"
    with minutes_later(25):
        again.get("/")
    knock("anna", NEW)
    with minutes_later(40):
        assert len(listed(again)) == 1, "one was left alone too long"


def test_a_session_that_waits_for_its_code_says_so(anna, knock):
    enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    browser.post("/login/code/", {"code": code_of(device_of(anna))})
    assert "second step not" not in browser.get("/account/").text
    knock("anna", PASSWORD, address="203.0.113.7")
    assert browser.get("/account/").text.count("second step not completed") == 1


def test_nobody_sees_the_account_page_without_a_session(client):
    for address in ("/account/", "/account/second-factor/", "/account/second-factor/remove/"):
        assert client.get(address)["Location"] == f"/login/?next={address}"


def test_weak_passwords_are_refused_with_the_reason(browser):
    User.objects.update(first_name="anna.operator")
    reasons = {
        "eleven char": "at least 12 characters",
        "p " * 64 + "p": "129 characters, the limit is 128",
        "qwerty123456": "too common",
        "anna.operator": "too similar",
    }
    for password, reason in reasons.items():
        words = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
        answer = browser.post("/account/password/", words)
        assert answer.status_code == 200 and reason in answer.text, password


def test_no_rule_asks_for_kinds_of_characters_and_long_ones_are_taken(browser, knock):
    old = PASSWORD
    for new in "twelve small letters", "密码可以是中文的一句话吧真的", "p " * 64, "🐎🔋📎🐎🔋📎🐎🔋📎🐎🔋📎":
        words = {"old_password": old, "new_password1": new, "new_password2": new}
        assert browser.post("/account/password/", words).status_code == 302, new
        assert knock("anna", new)["Location"] == "/", new
        old = new


def test_passwords_are_hashed_by_argon2_and_old_hashes_follow_at_the_next_login(knock, db, settings):
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS
    anna = make_staff(password=PASSWORD)
    assert anna.password.startswith("argon2$argon2id$") and "m=19456,t=2,p=1" in anna.password
    for old in make_password(PASSWORD, hasher="pbkdf2_sha256"), QuickHasher().encode(PASSWORD, "a salt of some length"):
        User.objects.update(password=old)
        assert knock("anna", PASSWORD).status_code == 302
        anna.refresh_from_db()
        assert "m=19456,t=2,p=1" in anna.password and check_password(PASSWORD, anna.password)


def test_an_account_without_the_admin_is_not_sent_round_in_circles(knock, db):
    make_staff("dora", password=PASSWORD, is_staff=False, is_superuser=False)
    browser = Client()
    answer = knock("dora", PASSWORD, client=browser, path="/admin/login/", next="/admin/")
    assert answer["Location"] == "/"
    assert browser.get("/admin/login/?next=/admin/")["Location"] == "/"
    assert "The gallery is for staff" in browser.get("/").text
