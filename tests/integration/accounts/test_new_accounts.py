"""Users in the admin: a new one can log in at once, what they may comes from groups, and a lock is seen and lifted."""

import re

import pytest
import time_machine
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.lockouts import find_locks
from tests.integration.gallery.staff import PASSWORD, make_staff
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
USERS = "/admin/auth/user/"


@pytest.fixture
def operator(db):
    browser = Client()
    browser.force_login(make_staff("olga"))
    return browser


@pytest.fixture
def locked(anna, knock):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        knock("anna", "guess", address="203.0.113.7")
    return anna


def page_of(user):
    return f"{USERS}{user.pk}/change/"


def test_a_new_user_is_staff_of_a_group_and_can_log_in_at_once(operator, knock):
    group = Group.objects.create(name="Front desk")
    group.miniprograms.add(make_miniprogram(name="Lantern"))
    form = operator.get(f"{USERS}add/").text
    assert re.search(r'name="is_staff"[^>]* checked', form) and "Front desk" in form
    assert "LDAP" not in form and "admin site" not in form
    facts = {"username": "vera", "password1": PASSWORD, "password2": PASSWORD}
    answer = operator.post(f"{USERS}add/", facts | {"is_staff": "on", "groups": [group.pk]})
    assert answer["Location"] == USERS, "nothing is missing for a second form to ask"
    browser = Client()
    knock("vera", PASSWORD, client=browser)
    assert browser.get("/").status_code == 200, "staff, and a mini-program to see"
    assert list(User.objects.get(username="vera").groups.all()) == [group]


def test_without_any_group_the_form_says_so(operator):
    assert "There is no group yet." in operator.get(f"{USERS}add/").text


def test_no_page_shows_a_hash_or_permissions_of_a_single_user(operator, anna):
    text = operator.get(page_of(anna)).text
    hashed = anna.password.split("$")
    assert not [part for part in ("argon2", "salt", "memory cost", *hashed[-2:]) if part in text]
    assert "Reset password" in text and "user_permissions" not in text


def test_single_permissions_of_an_earlier_version_stay_and_can_be_taken_away(operator):
    vera = make_staff("vera", is_superuser=False)
    vera.user_permissions.add(Permission.objects.get(codename="view_tokenevent"))
    assert "Permissions of this account alone" in operator.get(page_of(vera)).text
    facts = {"username": "vera", "is_active": "on", "is_staff": "on"}
    facts |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
    helper = Client()
    helper.force_login(make_staff("ben", is_superuser=False))
    User.objects.get(username="ben").user_permissions.add(*Permission.objects.filter(codename__endswith="_user"))
    assert "user_permissions" not in helper.get(page_of(vera)).text
    assert helper.post(page_of(vera), facts).status_code == 302
    assert vera.user_permissions.count() == 1
    assert operator.post(page_of(vera), facts).status_code == 302
    assert vera.user_permissions.count() == 0


def test_another_password_is_the_only_choice_on_its_page(operator, anna):
    page = operator.get(f"{USERS}{anna.pk}/password/").text
    assert 'name="usable_password"' not in page and "unset-password" not in page
    assert operator.post(f"{USERS}{anna.pk}/password/", {"usable_password": "false"}).status_code == 200
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


def test_a_lock_is_seen_on_the_row_and_the_page_and_lifted_there(operator, locked, knock):
    row = next(each for each in operator.get(USERS).text.split("<tr>") if ">anna</a>" in each)
    address = f"{USERS}{locked.pk}/actions/unlock/"
    assert "Locked" in row and "203.0.113.7" in row and f'formaction="{address}"' in row
    page = operator.get(page_of(locked)).text
    assert '<span class="token-pill is-bad">Locked</span>' in page and f'action="{address}"' in page
    assert operator.get(address).status_code == 405
    assert operator.post(address, {"from": "list"})["Location"] == USERS
    assert knock("anna", PASSWORD, address="203.0.113.7").status_code == 302
    assert "Locked" not in operator.get(USERS).text and address not in operator.get(page_of(locked)).text
    assert LogEntry.objects.get().change_message == "Unlocked."


def test_a_lock_ends_by_itself_and_counts_all_browsers_of_an_address(anna, knock):
    for number in range(settings.AXES_FAILURE_LIMIT):
        assert not find_locks()
        knock("anna", "guess", address="203.0.113.7", headers={"user-agent": f"browser {number}"})
    (lock,) = find_locks([anna])
    assert (lock.account, lock.addresses) == (anna, ("203.0.113.7",))
    with time_machine.travel(timezone.now() + settings.AXES_COOLOFF_TIME + timezone.timedelta(seconds=1)):
        assert not find_locks()


def test_a_name_that_no_account_has_is_shown_to_nobody(operator, knock):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        knock("a password in the wrong field", "x")
    assert not find_locks() and "wrong field" not in operator.get(USERS).text


def test_who_may_not_unlock_sees_the_lock_and_gets_no_button(locked):
    vera = make_staff("vera", is_superuser=False)
    vera.user_permissions.add(Permission.objects.get(codename="view_user"))
    browser = Client()
    browser.force_login(vera)
    for page in (USERS, page_of(locked)):
        assert "Locked" in browser.get(page).text and "actions/unlock" not in browser.get(page).text, page
    assert browser.post(f"{USERS}{locked.pk}/actions/unlock/").status_code == 403
    assert find_locks()


def test_many_locks_cost_no_more_queries(operator, locked, knock):
    def count():
        with CaptureQueriesContext(connection) as queries:
            operator.get(USERS)
        return len(queries)

    count()
    few = count()
    make_staff("ben")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        knock("ben", "guess", address="203.0.113.8")
    assert count() == few
