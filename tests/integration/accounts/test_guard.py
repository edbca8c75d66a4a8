"""Guessing passwords: whoever guesses waits, nobody else does, and there is a way back in."""

import logging
import re

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.accounts import guard
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
STRANGER, HOME = "192.0.2.66", "192.0.2.1"


def guess(knock, times=5, **given):
    return [knock("anna", f"guess {number}", **{"address": STRANGER, **given}) for number in range(times)][-1]


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_five_wrong_passwords_lock_the_name_from_that_address(knock, anna, path):
    assert guess(knock, 4, path=path).status_code == 200
    answer = guess(knock, 1, path=path)
    assert answer.status_code == 429
    assert 890 <= int(answer["Retry-After"]) <= 900
    assert "Try again in 15 minutes" in answer.text
    assert knock("anna", PASSWORD, address=STRANGER, path=path).status_code == 429, "the right one comes too late"


def test_the_page_says_it_in_chinese(knock, anna):
    answer = guess(knock, headers={"accept-language": "zh-CN"})
    assert '<html lang="zh-hans"' in answer.text


def test_a_stranger_does_not_lock_the_operator_out(knock, anna):
    guess(knock)
    assert knock("anna", PASSWORD, address=HOME).status_code == 302


def test_other_names_are_not_locked_from_that_address(knock, anna):
    make_staff("ben", password=PASSWORD)
    guess(knock)
    assert knock("ben", PASSWORD, address=STRANGER).status_code == 302


def test_the_lock_ends_by_itself_and_trying_on_does_not_prolong_it(knock, anna):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        guess(knock)
        clock.shift(600)
        answer = knock("anna", PASSWORD, address=STRANGER)
        assert (answer.status_code, answer["Retry-After"]) == (429, "300")
        clock.shift(301)
        assert knock("anna", PASSWORD, address=STRANGER).status_code == 302


def test_the_right_password_forgets_earlier_mistakes(knock, anna):
    guess(knock, 4)
    assert knock("anna", PASSWORD, address=STRANGER).status_code == 302
    assert guess(knock, 4).status_code == 200


def test_a_name_that_nobody_has_is_locked_just_so(knock, db):
    assert [knock("nobody", "x", address=STRANGER).status_code for _ in range(5)] == [200] * 4 + [429]


def test_the_address_is_the_clients_only_behind_a_trusted_proxy(knock, anna, settings):
    for number in range(5):
        knock("anna", "guess", address="10.0.0.1", headers={"x-forwarded-for": f"192.0.2.{number}"})
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"10.0.0.1"}, "made up, and not believed"
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    for _ in range(5):
        answer = knock("anna", "guess", address="10.0.0.1", headers={"x-forwarded-for": f"1.2.3.4, {STRANGER}"})
    assert answer.status_code == 429
    assert knock("anna", PASSWORD, address="10.0.0.1", headers={"x-forwarded-for": HOME}).status_code == 302


def test_the_addresses_of_one_ipv6_customer_are_one(knock, anna):
    answers = [knock("anna", "guess", address=f"2001:db8:1:2::{number}").status_code for number in range(1, 6)]
    assert answers[-1] == 429
    assert knock("anna", PASSWORD, address="2001:db8:1:3::1").status_code == 302


def test_many_names_from_one_address_are_limited_too(knock, anna, monkeypatch):
    monkeypatch.setattr(guard, "ADDRESS_LIMIT", 3)
    for name in ("x1", "x2", "x3"):
        assert knock(name, "Summer2026", address=STRANGER).status_code == 200
    answer = knock("anna", PASSWORD, address=STRANGER)
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 800
    assert knock("anna", PASSWORD, address=HOME).status_code == 302


def test_one_name_from_many_addresses_is_limited_but_not_for_a_browser_that_knows_it(knock, anna, monkeypatch):
    monkeypatch.setattr(guard, "NAME_LIMIT", 4)
    browser = Client()
    assert knock("anna", PASSWORD, client=browser).status_code == 302
    browser.post("/logout/")
    answers = [knock("anna", "guess", address=f"198.51.100.{number}").status_code for number in range(1, 6)]
    assert answers == [200, 200, 200, 429, 429]
    assert knock("anna", PASSWORD, client=browser).status_code == 302, "she has logged in here before"
    assert knock("anna", PASSWORD).status_code == 429, "nobody has, here"


def test_a_browser_is_known_for_its_own_name_only_and_cannot_make_it_up(knock, anna, monkeypatch):
    monkeypatch.setattr(guard, "NAME_LIMIT", 1)
    make_staff("ben", password=PASSWORD)
    forger, browser = Client(), Client()
    forger.cookies[guard.KNOWN_BROWSER_COOKIE] = "made:up"
    assert knock("ben", PASSWORD, client=browser).status_code == 302
    browser.post("/logout/")
    assert knock("anna", "guess").status_code == 200
    assert knock("anna", PASSWORD, client=forger).status_code == 429
    assert knock("anna", PASSWORD, client=browser).status_code == 429
    assert knock("ben", PASSWORD, client=browser).status_code == 302


def test_without_redis_the_narrow_guard_stands(knock, anna, dead_redis):
    dead_redis()
    assert guess(knock).status_code == 429
    assert knock("anna", PASSWORD, address=HOME).status_code == 302


def test_a_command_lets_a_name_in_again_and_is_on_record(knock, anna, capsys):
    guess(knock)
    call_command("unlock_login", "anna")
    assert "1 " in capsys.readouterr().out
    assert knock("anna", PASSWORD, address=STRANGER).status_code == 302
    entry = LogEntry.objects.get()
    assert (str(entry.user), entry.object_repr, entry.change_message) == (
        "command-line",
        "anna",
        "manage.py unlock_login",
    )


def test_the_command_says_what_it_did_not_find(db):
    with pytest.raises(CommandError, match="nobody"):
        call_command("unlock_login", "nobody")


def test_an_operator_lets_people_in_again_from_the_admin(knock, anna, client):
    guess(knock)
    client.force_login(make_staff("ben"))
    page = client.get("/admin/axes/accessattempt/")
    assert "anna" in page.text and STRANGER in page.text and "guess" not in page.text
    attempt = AccessAttempt.objects.get()
    client.post("/admin/axes/accessattempt/", {"action": "let_in", "_selected_action": [attempt.pk]})
    assert knock("anna", PASSWORD, address=STRANGER).status_code == 302
    assert LogEntry.objects.get().change_message == "Unlocked."


def test_nothing_typed_as_a_password_is_kept_or_logged(knock, anna, caplog):
    with caplog.at_level(logging.INFO):
        guess(knock, 6)
        knock("hunter2 typed in the wrong field", "x", address=HOME)
    kept = [*AccessAttempt.objects.values_list("get_data", "post_data", "path_info"), caplog.text]
    assert "guess" not in str(kept) and "csrf" not in str(kept).lower().replace("csrfmiddlewaretoken=***", "")
    assert "hunter2" not in caplog.text


def test_logins_and_failures_are_on_record_with_their_address(knock, anna):
    knock("anna", "wrong")
    knock("anna", PASSWORD)
    assert AccessFailureLog.objects.values_list("username", "ip_address").get() == ("anna", HOME)
    assert AccessLog.objects.values_list("username", "ip_address").get() == ("anna", HOME)


def test_a_line_break_in_a_name_begins_no_line_in_the_log(knock, db, caplog):
    with caplog.at_level(logging.INFO):
        knock("anna\n2026-01-01 INFO login: account 1", "x", headers={"user-agent": "x"})
    assert caplog.messages and not [line for line in caplog.messages if "\n" in line]


def test_the_pages_of_the_records_open_and_go_out_as_csv(knock, anna, client):
    knock("=cmd()", "wrong")
    client.force_login(anna)
    for model in ("accessattempt", "accesslog", "accessfailurelog"):
        assert client.get(f"/admin/axes/{model}/").status_code == 200
    text = b"".join(client.get("/admin/axes/accessfailurelog/export.csv").streaming_content).decode()
    assert "'=cmd()" in text


def test_old_records_are_forgotten(knock, anna):
    from apps.accounts.tasks import KEPT_DAYS, prune_logins

    guess(knock, 2)
    knock("anna", PASSWORD)
    with time_machine.travel(timezone.now() + timezone.timedelta(days=KEPT_DAYS + 1)):
        prune_logins()
    left = [model.objects.count() for model in (AccessAttempt, AccessFailureLog, AccessLog)]
    assert left == [0, 0, 0]


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Failed logins", "Login lockouts", "Successful logins"]),
        ("zh-hans", ["登录锁定", "登录失败记录", "登录成功记录"]),
    ],
)
def test_the_records_are_listed_under_names_that_say_what_they_are(admin_client, language, names):
    text = admin_client.get("/admin/axes/", headers={"Accept-Language": language}).text
    found = re.findall(r'<th scope="row" id="axes-[^"]+">\s*<a [^>]*>([^<]+)</a>', text)
    assert sorted(found) == sorted(names)


@pytest.mark.both_databases
@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_a_name_longer_than_any_is_a_wrong_one(client, db, path):
    answer = client.post(path, {"username": "x" * 256, "password": PASSWORD})
    assert answer.status_code == 200 and "Wrong username or password." in answer.text
