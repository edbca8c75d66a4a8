"""What wants a login of the last quarter of an hour in the admin: credentials, keys, and who may what."""

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.fresh_login import BUTTONS, FORMS
from apps.clients.models import ApiClient
from apps.clients.services import create_client
from apps.gateway.models import OpenDoor
from apps.miniprograms.models import MiniProgram
from tests.integration.gallery.staff import PASSWORD, make_staff

pytestmark = pytest.mark.django_db
SECRET = "0123456789abcdef0123456789abcdef"
JOINED = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
SHOP = {"appid": "wx0123456789abcdef", "name": "Shop", "token_mode": "stable", "env_version": "release"}
SHOP |= {"check_path": "on", "width": "430", "line_color": "#000000", "app_secret": SECRET, "is_sandbox": "on"}
KEY = {"name": "shop", "scopes": ["codes:create"], "reach": "all", "origins": "", "networks": ""}
WORDS = {"password1": "a much longer 2", "password2": "a much longer 2", "usable_password": "true"}


@pytest.fixture
def browser(anna, knock):
    browser = Client()
    knock("anna", PASSWORD, client=browser)
    return browser


@pytest.fixture
def ben(db):
    return make_staff("ben", password=PASSWORD, is_superuser=False)


@pytest.fixture
def key(db):
    return create_client(name="robot", scopes=["codes:create"])[0]


def later(minutes=26):
    return time_machine.travel(timezone.now() + timezone.timedelta(minutes=minutes))


def change_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def everything():
    """All rows that the posts below could change."""
    models = (MiniProgram, ApiClient, OpenDoor, Group, User)
    rows = [list(model.objects.order_by("pk").values()) for model in models]
    return rows, list(Group.permissions.through.objects.values()), list(User.groups.through.objects.values())


def posts(ben, key):
    """Address and what is posted there."""
    group = Group.objects.create(name="Shops")
    shop = MiniProgram.objects.create(appid="wx00000000000000aa", name="Tea")
    door = OpenDoor.objects.create(door="token")
    right = Permission.objects.get(codename="add_issuedcode").pk
    return {
        "/admin/miniprograms/miniprogram/add/": SHOP,
        change_of(shop): SHOP | {"appid": shop.appid},
        "/admin/clients/apiclient/add/": KEY,
        change_of(key): KEY | {"name": "robot", "networks": "10.0.0.0/8"},
        f"/admin/clients/apiclient/{key.pk}/actions/rotate_key/": {"confirmed": "yes", "hand_over": "0"},
        change_of(door): {"networks": "10.0.0.0/8", "origins": ""},
        "/admin/auth/user/add/": {"username": "thief", **WORDS},
        change_of(ben): {"username": "ben", "is_superuser": "on", "is_active": "on", **JOINED},
        f"/admin/auth/user/{ben.pk}/password/": WORDS,
        "/admin/auth/group/add/": {"name": "Thieves", "permissions": [right]},
        change_of(group): {"name": "Shops", "permissions": [right]},
    }


def test_an_older_login_saves_nothing_and_is_led_to_the_login_and_back(browser, ben, key):
    wanted = posts(ben, key)
    before = everything()
    with later():
        for address, facts in wanted.items():
            answer = browser.post(address, facts)
            assert answer.status_code == 403 and "Nothing was saved" in answer.text, address
            back = f"/admin/clients/apiclient/{key.pk}/change/" if "/actions/" in address else address
            assert f'name="next" value="{back}"' in answer.text and f'href="{back}"' in answer.text
            assert SECRET not in answer.text and "no-store" in answer["Cache-Control"]
    assert everything() == before


def test_a_login_of_the_last_quarter_of_an_hour_saves(browser, ben, key):
    with later(14):
        for address, facts in posts(ben, key).items():
            before = everything()
            answer = browser.post(address, facts)
            assert answer.status_code in (200, 302) and everything() != before, address


def test_a_form_that_was_opened_in_time_may_be_finished(browser, ben):
    address = f"/admin/auth/user/{ben.pk}/password/"
    with later(16):
        assert "Log in again before you save changes here" in browser.get(address).text
    with later(24):
        assert browser.post(address, WORDS).status_code == 302


def test_a_button_is_no_form(browser, key):
    with later(16):
        rotation = f"/admin/clients/apiclient/{key.pk}/actions/rotate_key/"
        assert browser.post(rotation, {"confirmed": "yes", "hand_over": "0"}).status_code == 403


def test_after_logging_in_again_it_is_saved(browser, ben, knock):
    address = f"/admin/auth/user/{ben.pk}/password/"
    with later():
        browser.post(address, WORDS)
        assert browser.post("/account/again/", {"next": address})["Location"] == f"/login/?next={address}"
        assert knock("anna", PASSWORD, client=browser, next=address)["Location"] == address
        assert browser.post(address, WORDS).status_code == 302


def test_a_page_says_so_before_anything_is_typed(browser, ben):
    said = "Log in again before you save changes here"
    assert said not in browser.get(change_of(ben)).text
    with later():
        assert said in browser.get(change_of(ben)).text
        assert said not in browser.get("/admin/auth/user/").text
        assert "保存更改前请重新登录" in browser.get(change_of(ben), headers={"accept-language": "zh-CN"}).text


def test_a_key_is_revoked_and_a_form_without_rights_changed_at_any_time(browser, key):
    with later():
        browser.post(f"/admin/clients/apiclient/{key.pk}/actions/revoke/", {"confirmed": "yes"})
        assert browser.get("/admin/codes/issuedcode/").status_code == 200
    key.refresh_from_db()
    assert not key.is_active


def test_who_is_logged_out_is_sent_to_the_login_as_ever(ben):
    answer = Client().post(change_of(ben), {})
    assert answer.status_code == 302 and answer["Location"].startswith("/admin/login/")


def test_every_name_of_the_list_is_one_of_the_admin():
    for name in FORMS:
        assert reverse(f"admin:{name}", args=[] if name.endswith("_add") else [1])
    for name, tools in BUTTONS.items():
        for tool in tools:
            assert reverse(f"admin:{name}", kwargs={"pk": 1, "tool": tool})
