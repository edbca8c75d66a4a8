"""The list of users says of everybody what they may, and whether they have a second factor."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import SecondFactor

pytestmark = pytest.mark.django_db
USERS = "/admin/auth/user/"


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return client


def row_of(text, username):
    return next(row for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if f">{username}</a>" in row)


def test_everybody_is_listed_with_what_they_may(operator):
    ben = User.objects.create(username="ben", is_staff=True, first_name="Ben", email="ben@example.com")
    ben.groups.add(Group.objects.create(name="Front desk"))
    User.objects.create(username="gone", is_active=False)
    text = operator.get(USERS).text
    assert "full access" in row_of(text, "anna")
    assert "Ben · ben@example.com" in row_of(text, "ben") and "as granted" in row_of(text, "ben")
    assert "Front desk" in row_of(text, "ben") and "never logged in" in row_of(text, "ben")
    assert "inactive" in row_of(text, "gone") and "no group" in row_of(text, "gone")


def test_only_a_confirmed_second_factor_counts(operator):
    for username, is_confirmed in (("ben", True), ("cleo", False)):
        user = User.objects.create(username=username, is_staff=True)
        device = SecondFactor.with_new_key(user)
        device.confirmed = is_confirmed
        device.save()
    text = operator.get(USERS).text
    found = [re.search(r'second_factor">([^<]+)<', row_of(text, name))[1] for name in ("ben", "cleo", "anna")]
    assert found == ["on", "off", "off"]


def test_many_users_cost_no_more_queries(operator):
    def count():
        with CaptureQueriesContext(connection) as queries:
            operator.get(USERS)
        return len(queries)

    count()
    few = count()
    User.objects.bulk_create(User(username=f"user{number}") for number in range(30))
    assert count() == few


def test_permissions_are_chosen_in_the_readers_language(operator):
    user = User.objects.create(username="ben", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_tokenevent"))
    group = Group.objects.create(name="Front desk")
    for address in (f"{USERS}{user.pk}/change/", f"/admin/auth/group/{group.pk}/change/"):
        page = operator.get(address, headers={"accept-language": "zh-CN"}).text
        assert "可添加 小程序码" in page and "可查看全部小程序" in page and "Can add" not in page, address


def test_the_lists_of_logins_stand_under_a_name_that_says_so(operator):
    english, chinese = (operator.get("/admin/", headers={"accept-language": name}).text for name in ("en", "zh-CN"))
    assert "Login lockouts" in english and "Successful logins" in english
    assert "Logins" in operator.get("/admin/axes/").text
    assert "登录成功记录" in chinese and "Access" not in chinese and "Axes" not in english
