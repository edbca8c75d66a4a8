"""Every change of a credential, key or permission is in the audit trail, which nobody can change, without values."""

import csv
import getpass
import io
import json
import re
import sys

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from apps.accounts.account_forms import AccountForm, NewAccountForm
from apps.batches.admin import History
from apps.batches.models import BatchLimit
from apps.clients.forms import ApiClientForm
from apps.clients.models import ApiClient
from apps.clients.services import create_client
from apps.miniprograms.group_page import GroupForm
from apps.miniprograms.history import COMMAND_LINE
from apps.miniprograms.models import MiniProgram
from apps.miniprograms.trailed_admin import TrailedAdmin
from apps.overview.audit import in_words
from apps.overview.earlier_words import EARLIER
from apps.overview.verifying import VerifyingForm
from apps.tables.admin_export import ReadOnlyAdmin
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
TRAIL = "/admin/admin/logentry/"
SECRET = "0123456789abcdef0123456789abcdef"
APPID = "wx0123456789abcdef"
FORMS = (VerifyingForm, ApiClientForm, AccountForm, NewAccountForm, GroupForm)


def export(browser, **filters):
    text = b"".join(browser.get(f"{TRAIL}export.csv", filters).streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def form(**fields):
    facts = {"appid": APPID, "name": "Shop", "token_mode": "stable", "env_version": "release", "check_path": "on"}
    facts |= {"width": "430", "line_color": "#000000"}
    return facts | {"is_active": "on", "app_secret": SECRET} | fields


def test_a_secret_that_is_entered_and_replaced_is_there_by_name(operator):
    operator.post("/admin/miniprograms/miniprogram/add/", form())
    shop = MiniProgram.objects.get()
    operator.post(f"/admin/miniprograms/miniprogram/{shop.pk}/change/", form(app_secret=SECRET[::-1]))
    newest, first = export(operator)
    assert (first["user"], first["action"], first["object"]) == ("anna", "Added", str(shop))
    assert (newest["action"], newest["change"]) == ("Changed", "Changed AppSecret.")
    for text in (operator.get(TRAIL).text, str(newest), str(first)):
        assert SECRET not in text and SECRET[::-1] not in text and shop.secret_ref not in text


def test_keys_that_are_made_replaced_and_revoked_are_there_without_the_key(operator):
    facts = {"name": "shop", "scopes": ["codes:create"], "reach": "all", "origins": "", "networks": ""}
    made = operator.post("/admin/clients/apiclient/add/", facts).context["key"]
    client = ApiClient.objects.get()
    tools = f"/admin/clients/apiclient/{client.pk}/actions"
    renewed = operator.post(f"{tools}/rotate_key/", {"confirmed": "yes", "hand_over": "0"}).context["key"]
    operator.post(f"{tools}/revoke/", {"confirmed": "yes"})
    entries = export(operator)
    assert [(entry["action"], entry["object"]) for entry in reversed(entries)] == [
        ("Added", "shop"),
        ("Changed", "shop"),
        ("Changed", "shop"),
    ]
    told = [entry["change"] for entry in reversed(entries)]
    assert told[0] == "Added API client “shop”. Added to scopes: codes:create."
    assert told[1:] == ["Created a new key; the previous one no longer works.", "Revoked the key."]
    text = operator.get(TRAIL).text + str(entries)
    assert made not in text and renewed not in text


def test_commands_are_there_in_the_name_of_the_command_line(operator, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    call_command("add_miniprogram", APPID, "--name", "Shop", "--secret-stdin", stdout=io.StringIO())
    out = io.StringIO()
    call_command("create_client", "robot", stdout=out, stderr=io.StringIO())
    call_command("rotate_seal_keys", stdout=io.StringIO())
    shop = MiniProgram.objects.get()
    facts = [(each["user"], each["action"], each["kind"], each["change"]) for each in reversed(export(operator))]
    assert facts == [
        (
            COMMAND_LINE,
            "Added",
            "miniprogram",
            f"Added mini-program “{shop}”. By the command manage.py add_miniprogram.",
        ),
        (COMMAND_LINE, "Added", "apiclient", "Added API client “robot”. By the command manage.py create_client."),
        (COMMAND_LINE, "Changed", "miniprogram", "By the command manage.py rotate_seal_keys."),
    ]
    text = operator.get(TRAIL).text + str(facts)
    assert SECRET not in text and out.getvalue().strip() not in text


def test_accounts_of_the_command_line_are_there_without_their_passwords(operator, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a much longer 1")
    facts = {"username": "olga", "email": "", "interactive": False, "stdout": io.StringIO()}
    call_command("createsuperuser", **facts)
    with pytest.raises(CommandError):
        call_command("createsuperuser", **facts)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "a much longer 2")
    call_command("changepassword", "olga", stdout=io.StringIO())
    entries = [(each["action"], each["object"], each["change"]) for each in reversed(export(operator))]
    assert entries == [
        ("Added", "olga", "Added user “olga”. By the command manage.py createsuperuser."),
        ("Changed", "olga", "By the command manage.py changepassword."),
    ]
    assert User.objects.get(username="olga").check_password("a much longer 2")
    assert "a much longer" not in operator.get(TRAIL).text


def test_nobody_can_sign_in_as_the_command_line(operator):
    call_command("create_client", "robot", stdout=io.StringIO(), stderr=io.StringIO())
    shell = User.objects.get(username=COMMAND_LINE)
    assert not shell.is_active and not shell.has_usable_password() and not shell.is_staff


def test_permissions_and_passwords_are_there(operator):
    permission = Permission.objects.get(codename="view_tokenevent")
    operator.post("/admin/auth/group/add/", {"name": "watchers", "permissions": [permission.pk]})
    group = Group.objects.get()
    facts = {"username": "ben", "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
    ben = User.objects.create_user("ben", password="before it all 1")
    operator.post(f"/admin/auth/user/{ben.pk}/change/", facts | {"groups": [group.pk], "is_superuser": "on"})
    words = {"password1": "a much longer 2", "password2": "a much longer 2", "usable_password": "true"}
    operator.post(f"/admin/auth/user/{ben.pk}/password/", words)
    changes = [(each["kind"], each["change"]) for each in reversed(export(operator))]
    assert changes[0] == ("group", "Added group “watchers”. Granted: tokens.view_tokenevent.")
    told = "Turned off “active”. Added to groups: watchers. Turned on “superuser status”."
    assert changes[1][0] == "user" and changes[1][1].startswith(told)
    assert changes[2] == ("user", "Changed password.")
    assert "a much longer 2" not in operator.get(TRAIL).text


def test_ones_own_password_is_there_once_it_is_another(client):
    carl = User.objects.create_superuser("carl", password="before it all 1")
    client.force_login(carl)
    words = {"old_password": "wrong", "new_password1": "a much longer 2", "new_password2": "a much longer 2"}
    assert client.post("/account/password/", words).status_code == 200
    assert not LogEntry.objects.exists()
    answer = client.post("/account/password/", words | {"old_password": "before it all 1"})
    assert answer.headers["Location"] == "/account/"
    assert LogEntry.objects.get().change_message == "Changed password."
    assert [each["user"] for each in export(client)] == ["carl"]


def test_buttons_are_there_in_the_language_of_the_reader(operator):
    miniprogram = make_miniprogram()
    address = f"/admin/miniprograms/miniprogram/{miniprogram.pk}/actions/pause_refresh/"
    operator.post(address, {"confirmed": "yes"}, headers={"Accept-Language": "zh-hans"})
    assert "Paused token refresh." in operator.get(TRAIL).text
    chinese = operator.get(TRAIL, headers={"Accept-Language": "zh-hans"}).text
    assert "已暂停 token 刷新。" in chinese and "Paused" not in chinese


def test_the_trail_cannot_be_changed_not_even_by_deleting_who_is_in_it(operator):
    call_command("create_client", "robot", stdout=io.StringIO(), stderr=io.StringIO())
    entry, shell = LogEntry.objects.get(), User.objects.get(username=COMMAND_LINE)
    assert operator.get(f"{TRAIL}add/").status_code == 403
    assert operator.post(f"{TRAIL}{entry.pk}/change/", {"change_message": "nothing"}).status_code == 403
    assert operator.post(f"{TRAIL}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert operator.post(f"/admin/auth/user/{shell.pk}/delete/", {"post": "yes"}).status_code == 403
    assert LogEntry.objects.get() == entry and User.objects.filter(pk=shell.pk).exists()


def test_filters_by_user_object_and_action_find(operator):
    call_command("create_client", "robot", stdout=io.StringIO(), stderr=io.StringIO())
    operator.post("/admin/auth/group/add/", {"name": "watchers"})
    shell = User.objects.get(username=COMMAND_LINE)
    assert [each["kind"] for each in export(operator, user__id__exact=shell.pk)] == ["apiclient"]
    assert [each["object"] for each in export(operator, q="watchers")] == ["watchers"]
    assert len(export(operator, action_flag__exact=1)) == 2 and not export(operator, action_flag__exact=3)


def test_a_long_trail_costs_as_many_queries_as_a_short_one(operator):
    call_command("create_client", "robot", stdout=io.StringIO(), stderr=io.StringIO())
    operator.get(TRAIL)
    with CaptureQueriesContext(connection) as few:
        operator.get(TRAIL)
    for number in range(20):
        create_client(name=f"robot {number}", scopes=["codes:read"])
    entry = LogEntry.objects.get()
    LogEntry.objects.log_actions(entry.user_id, list(ApiClient.objects.all()), 2, "again")
    with CaptureQueriesContext(connection) as many:
        assert "robot 19" in operator.get(TRAIL).text
    assert len(many) == len(few)


def test_who_may_not_see_the_trail_does_not(visitor):
    browser = visitor("view_miniprogram")
    assert browser.get(TRAIL).status_code == 403
    assert browser.get(f"{TRAIL}export.csv").status_code == 403


def test_every_list_of_the_admin_can_be_read_on_a_phone(operator):
    for model in admin.site._registry:
        page = operator.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")).text
        assert "token-list" in page, f"{model.__name__}: its table is as wide as it likes"


@pytest.mark.parametrize("label", ["Name", "Proxy login", "Width", "Default page", "proxy login", "Active", "Notes"])
def test_the_names_of_fields_are_read_in_chinese(operator, label):
    message = [{"changed": {"fields": [label, "check_path"]}}]
    anna = User.objects.get(username="anna")
    row = LogEntry.objects.log_actions(anna.pk, [anna], CHANGE, message, single_object=True)
    with override("zh-hans"):
        told = in_words(row)
    assert label.lower() not in told.lower() and "check_path" in told
    with override("en"):
        assert in_words(row) == f"Changed {label} and check_path."


def test_who_reads_english_finds_no_chinese_in_what_a_chinese_operator_did(operator):
    client, _key = create_client(name="shop", scopes=["codes:create"])
    page = f"/admin/clients/apiclient/{client.pk}/actions/revoke/"
    operator.post(page, {"confirmed": "yes"}, headers={"accept-language": "zh-CN"})
    assert LogEntry.objects.order_by("-pk")[0].change_message.isascii()


def test_a_rotation_with_a_hand_over_says_until_when_the_previous_key_works(operator):
    client, _key = create_client(name="shop", scopes=["codes:create"])
    operator.post(f"/admin/clients/apiclient/{client.pk}/actions/rotate_key/", {"confirmed": "yes", "hand_over": "24"})
    client.refresh_from_db()
    end = f"{timezone.localtime(client.previous_key_ends_at):%Y-%m-%d %H:%M}"
    assert in_words(LogEntry.objects.get()) == f"Created a new key; the previous one works until {end}."


def change_shop(operator, **fields):
    shop = make_miniprogram(name="Shop", default_page="pages/old/old")
    given = form(appid=shop.appid, name="Shop", default_page="pages/old/old", is_sandbox="on") | fields
    facts = {name: value for name, value in given.items() if value is not None}
    assert operator.post(f"/admin/miniprograms/miniprogram/{shop.pk}/change/", facts).status_code == 302
    return LogEntry.objects.latest("id")


@pytest.mark.parametrize(
    ("fields", "english", "chinese"),
    [
        (
            {"default_page": "pages/new/new"},
            "Changed default page from “pages/old/old” to “pages/new/new”.",
            "将默认页面从“pages/old/old”改为“pages/new/new”。",
        ),
        (
            {"default_page": ""},
            "Cleared default page, which was “pages/old/old”.",
            "清空了默认页面，原为“pages/old/old”。",
        ),
        ({"is_active": None}, "Turned off “active”.", "关闭了“启用”。"),
        ({"is_hyaline": "on"}, "Turned on “Transparent background”.", "开启了“透明底色”。"),
        ({"width": "1280"}, "Changed Width in pixels from “430” to “1280”.", "将宽度（像素）从“430”改为“1280”。"),
        ({"notes": "call Li at noon"}, "Changed notes.", "修改了备注。"),
        ({"proxy_url": "http://10.0.0.5:3128"}, "Changed proxy.", "修改了代理。"),
    ],
)
def test_a_change_is_a_sentence_with_the_old_and_the_new_value(operator, fields, english, chinese):
    entry = change_shop(operator, app_secret="", **fields)
    assert in_words(entry) == english
    with override("zh-hans"):
        assert in_words(entry) == chinese


def test_a_row_of_another_table_is_told_by_its_name(operator):
    first, second = (create_client(name=name, scopes=["codes:read"])[0] for name in ("shop", "till"))
    limit = BatchLimit.objects.create(client=first, max_rows=5, max_open=1)
    fields = {"client": second.pk, "max_rows": 5, "max_open": 1}
    operator.post(f"/admin/batches/batchlimit/{limit.pk}/change/", fields)
    entry = LogEntry.objects.get(content_type__model="batchlimit")
    assert in_words(entry) == f"Changed API client from “{first}” to “{second}”."


def test_what_a_person_wrote_is_told_as_it_is_even_if_it_is_a_sentence_of_ours(operator):
    entry = change_shop(operator, app_secret="", name="Paused. %(new)s %s {new} <b>")
    told = "Changed name from “Shop” to “Paused. %(new)s %s {new} <b>”."
    assert in_words(entry) == told
    with override("zh-hans"):
        assert "“Paused. %(new)s %s {new} <b>”" in in_words(entry)
    assert "<b>" not in operator.get(TRAIL).text
    assert [each["object"] for each in export(operator, q="%(new)s")], "found by its new value"


def test_what_is_deleted_is_there_by_its_name(operator):
    for name in ("first", "second", "third"):
        Group.objects.create(name=name)
    first, *others = Group.objects.order_by("name")
    operator.post(f"/admin/auth/group/{first.pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [each.pk for each in others], "post": "yes"}
    operator.post("/admin/auth/group/", chosen)
    told = {(each["action"], each["change"]) for each in export(operator)}
    assert told == {("Deleted", f"Deleted group “{name}”.") for name in ("first", "second", "third")}


def test_entries_of_earlier_versions_stay_readable_in_both_languages(operator):
    anna = User.objects.get(username="anna")
    stored = {
        json.dumps([{"changed": {"fields": ["token refresh paused"]}}]): "Changed token refresh paused.",
        json.dumps([{"changed": {"fields": ["Name", "AppSecret"]}}]): "Changed Name and AppSecret.",
        "[]": "No fields changed.",
        '[{"event": "broken': '[{"event": "broken',
        **{text: text for text in EARLIER if text.endswith(".")},
    }
    for message, english in stored.items():
        entry = LogEntry.objects.log_actions(anna.pk, [anna], CHANGE, message, single_object=True)
        assert in_words(entry) == english
        with override("zh-hans"):
            assert in_words(entry) != english or "broken" in english, english
    assert operator.get(TRAIL).status_code == 200


def test_the_history_of_a_row_tells_the_same(operator):
    entry = change_shop(operator, app_secret="", width="1280")
    page = operator.get(f"/admin/miniprograms/miniprogram/{entry.object_id}/history/").text
    assert "Changed Width in pixels from “430” to “1280”." in page


def test_every_form_of_the_admin_writes_sentences():
    forms = [each for each in admin.site._registry.values() if not isinstance(each, ReadOnlyAdmin | History)]
    assert forms and not [each for each in forms if not isinstance(each, TrailedAdmin)]


def test_no_field_with_a_secret_is_told():
    """Whatever is a column and not free text is told: a column that holds a secret must not be in a form."""
    told = {
        f"{model._meta.label}.{name}"
        for model, its_admin in admin.site._registry.items()
        if isinstance(its_admin, TrailedAdmin)
        for name in [field.name for field in model._meta.get_fields() if its_admin._is_told(field.name)]
    }
    secret = [name for name in told if re.search("password|secret|login_ref|hash|key|proxy", name, re.IGNORECASE)]
    in_forms = {f"{form._meta.model._meta.label}.{name}" for form in FORMS for name in form.base_fields}
    assert not set(secret) & in_forms
