"""Notices: a holder reads what happened to their password, second factor and sessions until they dismiss it."""

import getpass
import html
import io
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts import second_factor
from apps.accounts.models import SecurityNotice
from apps.accounts.tasks import KEPT_DAYS, prune_logins
from tests.integration.accounts.enrolled import code_of, device_of, enrol
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
NEW = "another correct horse"
PAGES = ("/", "/admin/", "/account/")
Kind = SecurityNotice.Kind


@pytest.fixture
def browser(anna, knock):
    browser = Client(REMOTE_ADDR="203.0.113.7")
    knock("anna", PASSWORD, client=browser)
    return browser


@pytest.fixture
def ben(anna):
    """Another operator's browser."""
    browser = Client(REMOTE_ADDR="198.51.100.9")
    browser.force_login(make_staff("ben"))
    return browser


def kinds(user):
    return list(SecurityNotice.objects.filter(user=user).order_by("id").values_list("kind", flat=True))


def read(browser, page="/account/", language="en"):
    return html.unescape(browser.get(page, headers={"accept-language": language}).text)


def change_own(browser):
    words = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    return browser.post("/account/password/", words)


def change_anothers(browser, user):
    words = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    return browser.post(f"/admin/auth/user/{user.pk}/password/", words)


def test_a_changed_password_is_told_on_every_kind_of_page_from_the_next_login_on_until_it_is_dismissed(anna):
    with time_machine.travel("2026-11-29 02:00+00:00", tick=False):
        changing = Client(REMOTE_ADDR="203.0.113.7")
        changing.force_login(anna)
        assert change_own(changing).status_code == 302
        told = "Your password was changed on 2026-11-29 10:00 from 203.0.113.7, by yourself."
        later = Client(REMOTE_ADDR="203.0.113.7")
        later.force_login(User.objects.get())
        for page in PAGES:
            assert told in read(later, page) and "If this wasn’t you" in read(later, page), page
        later.post("/account/notices/", {"notice": SecurityNotice.objects.get().pk})
        assert not [page for page in PAGES if "Your password was changed" in read(later, page)]
    assert SecurityNotice.objects.get().dismissed_at


def test_the_session_that_did_it_is_told_once_in_green(browser):
    answer = change_own(browser)
    assert answer["Location"] == "/account/"
    page = read(browser)
    assert 'class="told"' in page and "Password changed." in page and "security-notice" not in page
    assert not [page for page in PAGES if "Password changed." in read(browser, page) or "notice" in read(browser, page)]


def test_what_this_session_did_to_the_account_is_told_in_the_others_alone(browser, anna, knock):
    code, *_rest = enrol(anna)
    SecurityNotice.objects.all().delete()
    other = Client()
    for each, proof in ((browser, code), (other, code_of(device_of(anna)))):
        each.post("/logout/")
        knock("anna", PASSWORD, client=each)
        assert each.post("/login/code/", {"code": proof}).status_code == 302
    browser.post("/account/backup-codes/")
    told = ("One of your backup codes was used", "New backup codes were created")
    assert [words in read(other) for words in told] == [True, True]
    assert [words in read(browser) for words in told] == [False, False]
    assert "used in a new browser" in read(browser), "what the other one did"


def test_a_session_does_not_hide_what_others_did_to_its_account(browser, ben, anna):
    change_anothers(ben, anna)
    browser.force_login(User.objects.get(username="anna"))
    assert "from 198.51.100.9 by ben." in read(browser)
    assert "password was changed" not in read(ben)


def test_several_stand_in_one_bar_that_is_dismissed_at_once(browser, anna):
    for number in range(5):
        SecurityNotice.objects.create(user=anna, kind=Kind.EMAIL_CHANGED, address=f"192.0.2.{number}")
    page = read(browser, "/")
    assert page.count('class="security-notice"') == 1 and "Dismiss all" in page and "2 more" in page
    assert page.count("If this wasn’t you") == 1
    ids = re.findall(r'name="notice" value="(\d+)"', page)
    SecurityNotice.objects.create(user=anna, kind=Kind.EMAIL_CHANGED, address="192.0.2.66")
    browser.post("/account/notices/", {"notice": ids})
    page = read(browser, "/")
    assert "192.0.2.66" in page and "192.0.2.1" not in page, "what came later was not read"
    assert "Dismiss all" not in page and "Dismiss" in page


def test_it_says_which_operator_changed_it_and_not_to_that_operator(ben, anna, knock):
    assert change_anothers(ben, anna).status_code == 302
    browser = Client()
    knock("anna", NEW, client=browser)
    assert "from 198.51.100.9 by ben." in read(browser, "/")
    assert "password was changed" not in read(ben, "/")


def test_it_is_told_in_chinese_and_in_the_readers_time_zone(browser, anna):
    with time_machine.travel(timezone.now()):
        change_own(browser)
        browser.session.flush()
        browser.force_login(User.objects.get())
        browser.cookies["wxcode_timezone"] = "America/New_York"
        moment = timezone.now().astimezone(ZoneInfo("America/New_York"))
        text = read(browser, "/", "zh-CN")
    assert f"您的密码于 {moment:%Y-%m-%d %H:%M} 由您本人从 203.0.113.7 更改。" in text


def test_a_command_tells_it_too(anna, monkeypatch, knock):
    monkeypatch.setattr(getpass, "getpass", lambda prompt: NEW)
    call_command("changepassword", "anna", stdout=io.StringIO())
    browser = Client()
    knock("anna", NEW, client=browser)
    assert "from the server’s command line." in read(browser)


def test_a_password_of_another_hand_is_told_by_any_code_that_saves_it(anna):
    anna.set_password(NEW)
    anna.save()
    anna.set_unusable_password()
    anna.save(update_fields=["password"])
    assert kinds(anna) == [Kind.PASSWORD_CHANGED, Kind.PASSWORD_CHANGED]


def test_what_changes_no_password_tells_nothing(anna, knock):
    User.objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    assert knock("anna", PASSWORD).status_code == 302
    anna.refresh_from_db()
    assert anna.password.startswith("argon2$"), "hashed anew at the login"
    anna.first_name = "Anna"
    anna.save()
    make_staff("new", password=PASSWORD)
    assert not SecurityNotice.objects.exists()


def test_another_mail_address_is_told(ben, anna):
    facts = {"username": "anna", "email": "thief@example.com", "is_active": "on", "is_staff": "on"}
    facts |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
    assert ben.post(f"/admin/auth/user/{anna.pk}/change/", facts).status_code == 302
    notice = SecurityNotice.objects.get(user=anna)
    assert (notice.kind, notice.by, notice.address) == (Kind.EMAIL_CHANGED, "ben", "198.51.100.9")


def test_everything_about_the_second_factor_is_told(browser, anna):
    browser.get("/account/second-factor/")
    device = second_factor.begin(anna)
    browser.post("/account/second-factor/", {"code": code_of(device)})
    browser.post("/account/backup-codes/")
    browser.post("/account/second-factor/remove/")
    assert kinds(anna) == [Kind.SECOND_FACTOR_SET_UP, Kind.BACKUP_CODES_RENEWED, Kind.SECOND_FACTOR_REMOVED]
    assert set(SecurityNotice.objects.values_list("by", "address")) == {("anna", "203.0.113.7")}
    assert "security-notice" not in read(browser)
    browser.session.flush()
    browser.force_login(anna)
    text = read(browser)
    assert "A second factor was set up" in text and "New backup codes were created" in text and "was removed" in text


def test_a_backup_code_that_was_used_is_told(anna, knock):
    code, *_rest = enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    browser.post("/login/code/", {"code": code})
    assert "backup codes was used" not in read(browser)
    browser.post("/logout/")
    knock("anna", PASSWORD, client=browser)
    browser.post("/login/code/", {"code": code_of(device_of(anna))})
    assert "One of your backup codes was used to log in" in read(browser)


def test_a_code_that_is_typed_again_is_refused_and_told_once(anna, knock):
    enrol(anna)
    code = code_of(device_of(anna))
    holder, thief = Client(), Client(REMOTE_ADDR="192.0.2.66")
    for each in (holder, thief):
        knock("anna", PASSWORD, client=each)
    assert holder.post("/login/code/", {"code": code}).status_code == 302
    for _ in range(3):
        assert thief.post("/login/code/", {"code": code}).status_code == 200
    assert thief.get("/").status_code == 302
    text = read(holder, "/")
    assert "was entered twice" in text and "from 192.0.2.66" in text and "someone knows your password" in text
    assert kinds(anna).count(Kind.CODE_REUSED) == 1


def test_a_wrong_code_is_not_told_as_used(anna):
    enrol(anna)
    wrong = f"{(int(code_of(device_of(anna))) + 1) % 10**6:06d}"
    second_factor.check_code(anna, wrong)
    assert Kind.CODE_REUSED not in kinds(anna)


def test_a_login_from_a_new_browser_is_told_in_all_the_others(browser, anna, knock):
    told = "Your account was used in a new browser"
    assert told not in read(browser), "the first of all"
    stranger = Client(REMOTE_ADDR="192.0.2.66")
    knock("anna", PASSWORD, client=stranger, address="192.0.2.66")
    for page in PAGES:
        assert told in read(browser, page) and "from 192.0.2.66." in read(browser, page), page
        assert told not in read(stranger, page), page
    browser.post("/account/notices/", {"notice": SecurityNotice.objects.get().pk})
    for each in (browser, stranger):
        each.post("/logout/")
        knock("anna", PASSWORD, client=each)
    assert kinds(anna) == [Kind.NEW_BROWSER], "both are known now"


def test_with_a_second_factor_it_is_told_once_the_code_was_right(browser, anna, knock):
    enrol(anna)
    stranger = Client()
    knock("anna", PASSWORD, client=stranger)
    assert Kind.NEW_BROWSER not in kinds(anna)
    stranger.post("/login/code/", {"code": code_of(device_of(anna))})
    assert kinds(anna)[-1] == Kind.NEW_BROWSER


def test_ended_sessions_are_counted_and_told(browser, anna, knock):
    for _ in range(2):
        knock("anna", PASSWORD)
    browser.post("/account/sessions/")
    assert "Logged out of all other sessions." in read(browser)
    later = Client()
    knock("anna", PASSWORD, client=later)
    assert "2 of your sessions were ended on" in read(later)
    later.post("/logout/")
    browser.post("/account/sessions/")
    assert kinds(anna).count(Kind.SESSIONS_ENDED) == 1, "there was none the second time"


def test_the_command_that_removes_a_second_factor_tells_both(anna, knock):
    enrol(anna)
    knock("anna", PASSWORD)
    SecurityNotice.objects.all().delete()
    call_command("remove_second_factor", "anna", stdout=io.StringIO())
    assert kinds(anna) == [Kind.SECOND_FACTOR_REMOVED, Kind.SESSIONS_ENDED]


def test_nobody_dismisses_or_reads_what_is_for_somebody_else(browser, ben, anna):
    change_own(browser)
    notice = SecurityNotice.objects.get()
    ben.post("/account/notices/", {"notice": notice.pk})
    for nonsense in ("", "x", "-1", "9" * 40, "²"):
        browser.post("/account/notices/", {"notice": nonsense})
    assert SecurityNotice.objects.unread(anna).count() == 1
    assert Client().post("/account/notices/", {"notice": notice.pk})["Location"].startswith("/login/")


def test_dismissing_leads_back_to_a_page_of_ours_and_htmx_takes_it_away(browser):
    change_own(browser)
    facts = {"notice": SecurityNotice.objects.get().pk}
    assert browser.post("/account/notices/", facts | {"next": "/make/"})["Location"] == "/make/"
    assert browser.post("/account/notices/", facts | {"next": "https://example.com/"})["Location"] == "/"
    answer = browser.post("/account/notices/", facts, headers={"hx-request": "true"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_answer_to_a_form_shows_none(browser):
    change_own(browser)
    answer = browser.post("/account/password/", {})
    assert answer.status_code == 200 and "security-notice" not in answer.text


def test_no_password_no_code_and_no_key_is_kept_in_a_notice(browser, anna):
    change_own(browser)
    codes = enrol(anna)
    kept = str(list(SecurityNotice.objects.values()))
    assert not [secret for secret in (PASSWORD, NEW, *codes, device_of(anna).written_key()) if secret in kept]


def test_old_ones_that_were_dismissed_are_forgotten_and_no_others(anna):
    long_ago = timezone.now() - timezone.timedelta(days=KEPT_DAYS + 1)
    for dismissed_at in (long_ago, timezone.now(), None):
        SecurityNotice.objects.create(user=anna, kind=Kind.EMAIL_CHANGED, at=long_ago, dismissed_at=dismissed_at)
    prune_logins()
    assert SecurityNotice.objects.count() == 2 and not SecurityNotice.objects.filter(dismissed_at=long_ago).exists()


class TestInOneTransaction:
    """A change and its notice are stored together or not at all."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def no_notices(self, transactional_db):
        """The table of notices takes no row."""
        table = SecurityNotice._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        yield
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")

    @pytest.mark.parametrize("change", [change_own, lambda browser: change_anothers(browser, User.objects.get())])
    def test_no_password_is_changed_without_its_notice(self, browser, anna, no_notices, change):
        with pytest.raises(DatabaseError):
            change(browser)
        anna.refresh_from_db()
        assert anna.check_password(PASSWORD)

    def test_no_second_factor_is_set_up_or_removed_without_it(self, anna, no_notices):
        device = second_factor.begin(anna)
        with pytest.raises(DatabaseError):
            second_factor.confirm(anna, code_of(device))
        assert second_factor.find_second_factor(anna) is None

    @pytest.mark.parametrize("change", [change_own, lambda browser: change_anothers(browser, User.objects.get())])
    def test_no_notice_is_left_of_a_change_that_failed(self, browser, anna, monkeypatch, change):
        from django.contrib.admin.models import LogEntryManager

        def fail(*args, **kwargs):
            raise DatabaseError("the audit trail is away")

        monkeypatch.setattr(LogEntryManager, "log_actions", fail)
        with pytest.raises(DatabaseError):
            change(browser)
        assert not SecurityNotice.objects.exists() and not transaction.get_connection().in_atomic_block
        anna.refresh_from_db()
        assert anna.check_password(PASSWORD)
