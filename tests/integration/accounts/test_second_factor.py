"""The second factor: set up, asked for, used up, lost, and required by an operator."""

import re
from urllib.parse import unquote

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.accounts import second_factor
from apps.accounts.models import CODE_COUNT, BackupCodes, SecondFactor
from apps.miniprograms.models import MiniProgram
from tests.integration.accounts.enrolled import code_of, device_of, enrol
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
SET_UP = "/account/second-factor/"
STEP = 30


@pytest.fixture
def browser(anna, knock):
    """Anna's, a moment after she gave her password."""
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    return browser


def changes(user):
    return [entry.change_message for entry in LogEntry.objects.filter(user=user).order_by("id")]


def test_setting_it_up_takes_a_code_and_shows_ten_backup_codes_once(browser, anna):
    page = browser.get(SET_UP)
    device = SecondFactor.objects.get(user=anna)
    assert device.written_key() in page.text and "data:image/svg+xml" in page.text
    assert "no-store" in page["Cache-Control"]
    assert "Wrong code." in browser.post(SET_UP, {"code": "000000"}).text
    assert not second_factor.find_second_factor(anna)
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=5)):
        shown = browser.post(SET_UP, {"code": code_of(device), "next": "/make/"})
    codes = re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b", shown.text)
    assert len(set(codes)) == CODE_COUNT and 'href="/make/"' in shown.text
    assert codes[0] not in browser.get("/account/").text
    assert browser.get("/").status_code == 200, "this session has proved it"
    assert changes(anna) == ["Second factor set up."]


def test_the_key_is_sealed_and_the_codes_are_hashed(anna):
    codes = enrol(anna)
    device, kept = device_of(anna), BackupCodes.objects.get(user=anna)
    assert device.open_key() not in bytes(device.sealed_key)
    assert not [code for code in codes if code in str(kept.hashes) or code.replace("-", "") in str(kept.hashes)]


def test_the_password_alone_opens_nothing(anna, knock):
    enrol(anna)
    browser = Client()
    answer = knock("anna", PASSWORD, client=browser, next="/make/")
    assert answer["Location"] == "/login/code/?next=/make/"
    for address in ("/", "/make/", "/codes/1/", "/account/", SET_UP, "/account/second-factor/remove/"):
        assert browser.get(address)["Location"].startswith("/login/?next="), address
    for address in ("/admin/", "/admin/auth/user/", "/admin/password_change/"):
        assert browser.get(address)["Location"].startswith("/admin/login/?next="), address
    for address in ("/api/v1/codes/", "/api/v1/miniprograms/"):
        assert browser.get(address).status_code == 401, address
    assert browser.post("/account/backup-codes/").status_code == 302
    assert device_of(anna)
    assert browser.get("/login/?next=/make/")["Location"] == "/login/code/?next=/make/"


def test_a_code_opens_the_rest_under_a_new_session_key(anna, knock):
    enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    before = browser.session.session_key
    answer = browser.post("/login/code/", {"code": code_of(device_of(anna)), "next": "/make/"})
    assert answer["Location"] == "/make/"
    assert browser.get("/make/").status_code == 200 and browser.get("/admin/").status_code == 200
    assert browser.session.session_key != before


def test_a_code_counts_once(anna, knock):
    enrol(anna)
    code = code_of(device_of(anna))
    first, second = Client(), Client()
    for browser in (first, second):
        knock("anna", PASSWORD, client=browser)
    assert first.post("/login/code/", {"code": code}).status_code == 302
    assert "Wrong code." in second.post("/login/code/", {"code": code}).text


def test_a_backup_code_counts_once_however_it_is_typed(anna, knock):
    first, *_rest = enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    assert browser.post("/login/code/", {"code": first.upper().replace("-", " ")}).status_code == 302
    assert second_factor.count_backup_codes(anna) == CODE_COUNT - 1
    assert "9 backup codes are left" in browser.get("/account/").text
    again = Client()
    knock("anna", PASSWORD, client=again)
    assert "Wrong code." in again.post("/login/code/", {"code": first}).text
    assert changes(anna)[-1] == "Logged in with a backup code."


def test_wrong_codes_make_the_next_one_wait_longer_and_longer(anna, knock):
    enrol(anna)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        clock.shift(STEP)
        waits = []
        for _ in range(12):
            assert second_factor.check_code(anna, "000000").device is None
            wait = second_factor.find_wait(device_of(anna))
            waits.append(wait)
            assert second_factor.check_code(anna, code_of(device_of(anna))).device is None, "too early, though right"
            clock.shift(wait)
        assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512]
        assert second_factor.check_code(anna, code_of(device_of(anna))).device


def test_no_digits_of_another_alphabet_and_no_nonsense_is_a_fault(anna, knock):
    enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    for text in ("١٢٣٤٥٦", "²²²²²²", "x", "-", "\u0000", "a" * 40):
        assert browser.post("/login/code/", {"code": text}).status_code == 200, text


def test_an_older_session_ends_when_the_second_factor_is_set_up(anna, knock):
    old = Client()
    knock("anna", PASSWORD, client=old)
    enrol(anna)
    assert old.get("/")["Location"] == "/login/?next=/"
    assert old.get("/login/")["Location"] == "/login/code/?next=/"


def test_between_password_and_code_is_a_quarter_of_an_hour(anna, knock):
    enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=16)):
        answer = browser.post("/login/code/", {"code": code_of(device_of(anna))})
    assert answer["Location"].startswith("/login/?next=")


def test_another_telephone_replaces_the_first_and_its_codes(anna, knock):
    (old_code, *_), browser = enrol(anna), Client()
    old = device_of(anna)
    knock("anna", PASSWORD, client=browser)
    browser.post("/login/code/", {"code": code_of(old)})
    assert "Your current phone stops working" in browser.get(SET_UP).text
    new = SecondFactor.objects.get(user=anna, confirmed=False)
    assert browser.post(SET_UP, {"code": code_of(new)}).status_code == 200
    assert device_of(anna).open_key() == new.open_key() != old.open_key()
    assert browser.get("/").status_code == 200
    assert second_factor.check_code(anna, old_code).device is None


def test_new_backup_codes_void_the_old_ones(anna, knock):
    (old, *_), browser = enrol(anna), Client()
    knock("anna", PASSWORD, client=browser)
    browser.post("/login/code/", {"code": code_of(device_of(anna))})
    assert "Your earlier codes no longer work." in browser.post("/account/backup-codes/").text
    assert second_factor.check_code(anna, old).device is None
    assert changes(anna)[-1] == "New backup codes created."


def test_it_can_be_removed(anna, knock):
    enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    browser.post("/login/code/", {"code": code_of(device_of(anna))})
    assert browser.get("/account/second-factor/remove/").status_code == 200 and device_of(anna)
    browser.post("/account/second-factor/remove/")
    assert not SecondFactor.objects.exists() and not BackupCodes.objects.exists()
    assert knock("anna", PASSWORD)["Location"] == "/"
    assert changes(anna)[-1] == "Second factor removed."


@pytest.mark.parametrize("address", [SET_UP, "/account/second-factor/remove/"])
def test_an_old_session_changes_nothing_before_another_login(browser, address):
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=20)):
        assert "Log in again" in browser.get(address).text
        assert "Log in again" in browser.post(address).text
        assert browser.post("/account/again/", {"next": address})["Location"] == f"/login/?next={address}"
        assert browser.get("/").status_code == 302
    assert not SecondFactor.objects.exists()


def test_a_command_brings_back_who_lost_everything(anna, knock):
    enrol(anna)
    inside = Client()
    knock("anna", PASSWORD, client=inside)
    inside.post("/login/code/", {"code": code_of(device_of(anna))})
    call_command("remove_second_factor", "anna")
    assert inside.get("/").status_code == 302, "whoever was inside is out"
    assert knock("anna", PASSWORD)["Location"] == "/"
    entry = LogEntry.objects.latest("id")
    assert (str(entry.user), entry.change_message) == ("command-line", "manage.py remove_second_factor")
    with pytest.raises(CommandError, match="no second factor"):
        call_command("remove_second_factor", "anna")
    with pytest.raises(CommandError, match="no account"):
        call_command("remove_second_factor", "nobody")


def test_rotated_seal_keys_open_it_without_the_old_one(anna, settings):
    enrol(anna)
    key, old = device_of(anna).open_key(), settings.WXCODE_SEAL_KEYS
    new = Fernet.generate_key().decode()
    settings.WXCODE_SEAL_KEYS = [new, *old]
    call_command("rotate_seal_keys")
    settings.WXCODE_SEAL_KEYS = [new]
    assert device_of(anna).open_key() == key


def test_a_lost_seal_key_is_said_and_backup_codes_still_open(anna, knock, settings):
    code, *_ = enrol(anna)
    settings.WXCODE_SEAL_KEYS = [Fernet.generate_key().decode()]
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    answer = browser.post("/login/code/", {"code": "123456"})
    assert answer.status_code == 200 and "Add the key that encrypted it to" in answer.text
    assert browser.post("/login/code/", {"code": code}).status_code == 302


class TestRequired:
    """REQUIRE_SECOND_FACTOR."""

    @pytest.fixture
    def clerk(self, db):
        """Staff without any right in the admin, who may see one mini-program."""
        carl = make_staff("carl", password=PASSWORD, is_superuser=False)
        group = Group.objects.create(name="Shops")
        carl.groups.add(group)
        MiniProgram.objects.create(appid="wx0123456789abcdef", name="Shop").groups.add(group)
        return carl

    def test_off_asks_nobody(self, anna, knock):
        assert knock("anna", PASSWORD)["Location"] == "/"

    def test_admin_leads_superusers_to_setting_it_up(self, anna, knock, settings):
        settings.REQUIRE_SECOND_FACTOR = "admin"
        browser = Client()
        answer = knock("anna", PASSWORD, client=browser, next="/make/")
        assert answer["Location"] == f"{SET_UP}?next=/make/"
        assert "must use a second factor" in browser.get(answer["Location"]).text
        assert browser.get("/make/").status_code == 302 and browser.get("/api/v1/codes/").status_code == 401
        device = SecondFactor.objects.get(user=anna)
        assert browser.post(SET_UP, {"code": code_of(device)}).status_code == 200
        assert browser.get("/make/").status_code == 200 and browser.get("/admin/").status_code == 200

    def test_admin_asks_others_at_the_door_of_the_admin(self, clerk, knock, settings):
        settings.REQUIRE_SECOND_FACTOR = "admin"
        browser = Client()
        assert knock("carl", PASSWORD, client=browser)["Location"] == "/"
        assert browser.get("/").status_code == 200
        assert browser.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
        assert browser.get("/admin/login/?next=/admin/")["Location"] == f"{SET_UP}?next=/admin/"
        assert browser.get(SET_UP).status_code == 200 and browser.get("/").status_code == 200

    def test_staff_asks_all_staff(self, clerk, knock, settings):
        settings.REQUIRE_SECOND_FACTOR = "staff"
        assert knock("carl", PASSWORD)["Location"] == f"{SET_UP}?next=/"
        make_staff("dora", password=PASSWORD, is_staff=False, is_superuser=False)
        assert knock("dora", PASSWORD)["Location"] == "/"

    def test_switched_on_later_it_ends_older_sessions(self, browser, settings):
        settings.REQUIRE_SECOND_FACTOR = "staff"
        with time_machine.travel(timezone.now() + timezone.timedelta(minutes=20)):
            assert browser.get("/")["Location"] == "/login/?next=/"
            assert browser.get("/login/").status_code == 200

    def test_removing_it_leads_to_setting_it_up_again(self, anna, knock, settings):
        settings.REQUIRE_SECOND_FACTOR = "staff"
        enrol(anna)
        browser = Client()
        knock("anna", PASSWORD, client=browser)
        browser.post("/login/code/", {"code": code_of(device_of(anna))})
        browser.post("/account/second-factor/remove/")
        assert browser.get("/login/?next=/")["Location"] == f"{SET_UP}?next=/"

    def test_an_api_key_is_not_asked(self, db, settings):
        from tests.parts import make_api

        settings.REQUIRE_SECOND_FACTOR = "staff"
        assert make_api().get("/api/v1/codes/").status_code == 200


@pytest.mark.both_databases
def test_two_requests_cannot_use_one_code(transactional_db):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    anna = make_staff(password=PASSWORD)
    codes = enrol(anna)

    def use(code):
        try:
            return second_factor.check_code(User.objects.get(pk=anna.pk), code).device is not None
        finally:
            connection.close()

    for code in (codes[0], code_of(device_of(anna))):
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(use, [code] * 4)) == 1
        # those that came too late count as wrong, and would make the next one wait
        SecondFactor.objects.update(throttling_failure_count=0)


def test_a_pause_is_told_only_when_a_code_came_before_its_end(anna, knock):
    enrol(anna)
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = browser.post("/login/code/", {"code": "000000"}).text
        assert "Wrong code." in first and "Too soon" not in first
        early = browser.post("/login/code/", {"code": "000000"}).text
        assert "Too soon after a wrong code. Try again in 1 second." in early and "Wrong code." not in early
        clock.shift(2)
        assert "Wrong code." in browser.post("/login/code/", {"code": "000000"}).text


def test_backup_codes_can_be_downloaded_and_lead_back_to_the_account(browser, anna):
    enrol(anna)
    browser.force_login(anna)
    browser.post("/login/code/", {"code": code_of(device_of(anna))})
    page = browser.post("/account/backup-codes/").text
    codes = re.findall(r"\b[a-z2-9]{4}(?:-[a-z2-9]{4}){3}\b", page.partition("</pre>")[0])
    file = re.search(r'download="wxcode-backup-codes-anna.txt" href="data:text/plain;charset=utf-8,([^"]+)"', page)
    assert file and unquote(file[1]).split("\r\n") == codes
    assert re.search(r'href="/account/">I’ve saved them', page) and "data-print" in page
