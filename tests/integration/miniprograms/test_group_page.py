"""Grants are edited on the page of a group and on the page of a mini-program, and both say so in the audit trail."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from apps.miniprograms.models import MiniProgram
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    browser = Client()
    browser.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return browser


def newest_change() -> str:
    return LogEntry.objects.latest("id").get_change_message()


def test_a_new_group_is_granted_mini_programs(operator):
    shop, museum = make_miniprogram(), make_miniprogram()
    right = Permission.objects.get(codename="add_issuedcode")
    facts = {"name": "Tea house", "miniprograms": [shop.pk], "permissions": [right.pk]}
    assert operator.post("/admin/auth/group/add/", facts).status_code == 302
    group = Group.objects.get()
    assert (list(group.miniprograms.all()), list(group.permissions.all())) == ([shop], [right])
    page = operator.get(f"/admin/auth/group/{group.pk}/change/").text
    assert f'<option value="{shop.pk}" selected>' in page
    operator.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Tea house", "miniprograms": [museum.pk]})
    assert list(group.miniprograms.all()) == [museum]
    assert "Mini-programs" in newest_change()


def test_the_list_of_groups_says_what_they_see_and_how_many_they_are(operator):
    group = Group.objects.create(name="Tea house")
    group.miniprograms.add(make_miniprogram(name="Lantern"))
    group.user_set.add(User.objects.create_user("vera"), User.objects.create_user("olga"))
    text = operator.get("/admin/auth/group/").text
    assert re.search(r'class="field-sees">Lantern</td><td [^>]*class="field-members">2 members</td>', text)


def test_a_mini_program_is_granted_on_its_own_page(operator):
    group, shop = Group.objects.create(name="Tea house"), make_miniprogram()
    address = f"/admin/miniprograms/miniprogram/{shop.pk}/change/"
    facts = {"name": "Shop", "token_mode": "stable", "env_version": "release", "width": "430", "is_active": "on"}
    answer = operator.post(address, facts | {"line_color": "#000000", "groups": [group.pk]})
    assert answer.status_code == 302
    assert list(shop.groups.all()) == [group]
    assert "Groups that see it" in newest_change()
    operator.post(address, facts | {"line_color": "#000000"})
    assert not shop.groups.exists()


def test_who_may_not_change_groups_reads_the_grants_and_cannot_widen_them():
    shop, museum = make_miniprogram(name="Shop"), make_miniprogram()
    group = Group.objects.create(name="Tea house")
    other = Group.objects.create(name="Elsewhere")
    group.miniprograms.add(shop)
    vera = User.objects.create(username="vera", is_staff=True)
    vera.groups.add(group)
    vera.user_permissions.add(*Permission.objects.filter(codename__in=["view_miniprogram", "change_miniprogram"]))
    browser = Client()
    browser.force_login(vera)
    address = f"/admin/miniprograms/miniprogram/{shop.pk}/change/"
    assert "Tea house" in browser.get(address).text
    facts = {"name": "Shop 2", "token_mode": "stable", "env_version": "release", "width": "430", "is_active": "on"}
    browser.post(address, facts | {"line_color": "#000000", "groups": [group.pk, other.pk]})
    assert MiniProgram.objects.get(pk=shop.pk).name == "Shop 2"
    assert list(shop.groups.all()) == [group]
    assert not museum.groups.exists()
