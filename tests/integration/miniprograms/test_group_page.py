"""Grants are edited on the page of a group and on the page of a mini-program, and both say so in the audit trail."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from apps.gallery.rights import REFUSALS
from apps.miniprograms.grants import SEE_EVERY
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.rights import RIGHTS, change_rights
from apps.overview.audit import in_words
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    browser = Client()
    browser.force_login(User.objects.create(username="anna", is_staff=True, is_superuser=True))
    return browser


def newest_change() -> str:
    return in_words(LogEntry.objects.latest("id"))


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
    told = f"Added to Mini-programs: {museum}. Removed from Mini-programs: {shop}. Withdrawn: Create codes."
    assert newest_change() == told


def test_the_list_of_groups_says_what_they_see_and_how_many_they_are(operator):
    group = Group.objects.create(name="Tea house")
    group.miniprograms.add(make_miniprogram(name="Lantern"))
    group.user_set.add(User.objects.create_user("vera"), User.objects.create_user("olga"))
    text = operator.get("/admin/auth/group/").text
    assert re.search(r'class="field-sees">Lantern</td>.*class="field-members">2 members</td>', text)


def test_a_mini_program_is_granted_on_its_own_page(operator):
    group, shop = Group.objects.create(name="Tea house"), make_miniprogram()
    address = f"/admin/miniprograms/miniprogram/{shop.pk}/change/"
    facts = {
        "appid": shop.appid,
        "name": "Shop",
        "token_mode": "stable",
        "env_version": "release",
        "width": "430",
        "is_active": "on",
    }
    answer = operator.post(address, facts | {"line_color": "#000000", "groups": [group.pk]})
    assert answer.status_code == 302
    assert list(shop.groups.all()) == [group]
    assert "Added to groups with access: Tea house." in newest_change()
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
    facts = {
        "appid": shop.appid,
        "name": "Shop 2",
        "token_mode": "stable",
        "env_version": "release",
        "width": "430",
        "is_active": "on",
    }
    browser.post(address, facts | {"line_color": "#000000", "groups": [group.pk, other.pk]})
    assert MiniProgram.objects.get(pk=shop.pk).name == "Shop 2"
    assert list(shop.groups.all()) == [group]
    assert not museum.groups.exists()


def rights_of(group: Group) -> list[str]:
    found = group.permissions.values_list("content_type__app_label", "codename")
    return sorted(f"{app}.{codename}" for app, codename in found)


def save(browser: Client, group: Group, *rights: str, **more: Any) -> None:
    facts = {"name": group.name, "rights": rights} | more
    assert browser.post(f"/admin/auth/group/{group.pk}/change/", facts).status_code == 302


@pytest.fixture
def helper() -> Client:
    """Somebody who may change groups, and is no superuser."""
    browser = Client()
    user = User.objects.create(username="ben", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__endswith="_group"))
    browser.force_login(user)
    return browser


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right.name)
def test_every_box_writes_its_permissions_and_takes_them_away(helper, right):
    group = Group.objects.create(name="Tea house")
    save(helper, group, right.name)
    assert rights_of(group) == sorted(right.permissions)
    assert newest_change() == f"Granted: {right.label}."
    page = helper.get(f"/admin/auth/group/{group.pk}/change/").text
    assert re.findall(r'name="rights" value="(\w+)"[^>]* checked', page) == [right.name]
    save(helper, group)
    assert rights_of(group) == [] and newest_change() == f"Withdrawn: {right.label}."


def test_a_permission_outside_of_the_boxes_survives_whatever_is_ticked(helper):
    group = Group.objects.create(name="Tea house")
    kept = Permission.objects.get(codename="delete_issuedcode")
    part = Permission.objects.get(codename="view_tokenevent")
    group.permissions.add(kept, part)
    page = helper.get(f"/admin/auth/group/{group.pk}/change/").text
    assert "The group has 1 of its" in page and 'name="permissions"' not in page
    before = rights_of(group)
    save(helper, group)
    assert rights_of(group) == before
    save(helper, group, "create_codes")
    assert rights_of(group) == sorted([*before, "codes.add_issuedcode"])
    save(helper, group)
    assert rights_of(group) == before


def test_superusers_have_the_raw_list_and_a_box_goes_before_it(operator):
    group = Group.objects.create(name="Tea house")
    add, view = (Permission.objects.get(codename=name) for name in ("add_issuedcode", "view_tokenevent"))
    save(operator, group, "create_batches", permissions=[view.pk])
    assert rights_of(group) == ["batches.add_codebatch", "tokens.view_tokenevent"]
    save(operator, group, permissions=[add.pk])
    assert rights_of(group) == ["codes.add_issuedcode"], "unticked, and the list as it was sent"
    save(operator, group, "create_codes", permissions=[])
    assert rights_of(group) == [], "a box that nobody touched leaves the list alone"


def test_the_boxes_know_every_right_that_the_gallery_and_the_admin_ask_for():
    known = frozenset().union(*(right.permissions for right in RIGHTS))
    viewed = {f"{model._meta.app_label}.view_{model._meta.model_name}" for model in admin.site._registry}
    assert not ({*REFUSALS, SEE_EVERY} | viewed) - known
    rows = Permission.objects.values_list("content_type__app_label", "codename")
    assert not known - {f"{app}.{codename}" for app, codename in rows}


def test_no_box_lets_its_holder_give_themselves_more():
    known = frozenset().union(*(right.permissions for right in RIGHTS))
    assert not [each for each in known if each.startswith("auth.") and not each.startswith("auth.view_")]


def test_who_operates_opens_every_page_of_the_admin_but_changes_no_user():
    group, olga = Group.objects.create(name="Operators"), User.objects.create(username="olga", is_staff=True)
    change_rights(group, before=[], now=["operate", "see_every_miniprogram"])
    olga.groups.add(group)
    browser = Client()
    browser.force_login(olga)
    shown = {}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        shown[name] = browser.get(reverse(f"admin:{name}_changelist")).status_code
    assert set(shown.values()) == {200}, shown
    page = browser.get(f"/admin/auth/group/{group.pk}/change/").text
    assert "Operate the admin" in page and 'name="rights"' not in page
    assert browser.post(f"/admin/auth/user/{olga.pk}/change/", {"is_superuser": "on"}).status_code == 403
