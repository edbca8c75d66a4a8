"""Deleting in the admin counts what goes along, and reads none of it."""

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.clients.models import ApiClient
from apps.clients.services import create_client
from apps.miniprograms.models import MiniProgram
from apps.tables import deletion
from apps.tokens.services import get_access_token
from tests.integration.gallery.staff import copy_rows, issue
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


def delete_page(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_delete", args=[row.pk])


def test_codes_hold_on_to_their_mini_program_and_are_counted_not_listed(operator, sandbox, monkeypatch):
    monkeypatch.setattr(deletion, "COUNTED", 4)
    miniprogram = make_miniprogram(sandbox)
    code = issue(miniprogram, "t=1", label="Window sticker")
    copy_rows(code, count=3)
    text = operator.get(delete_page(miniprogram)).text
    assert "Issued codes: 4" in text and "Window sticker" not in text and "Deactivate it instead" in text
    issue(miniprogram, "t=2")
    assert "Issued codes: more than 1,000" in operator.get(delete_page(miniprogram)).text
    operator.post(delete_page(miniprogram), {"post": "yes"})
    assert MiniProgram.objects.filter(pk=miniprogram.pk).exists()


def test_its_history_goes_along_and_is_counted(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    get_access_token(miniprogram, requested_by="client:shop")
    create_client(name="shop", scopes=["codes:create"], appids=[miniprogram.appid])
    text = operator.get(delete_page(miniprogram)).text
    assert "Token events: 1" in text and "relationship" not in text
    assert f"Delete “{miniprogram}”?" in text and '<input type="submit" value="Delete">' in text
    operator.post(delete_page(miniprogram), {"post": "yes"})
    assert not MiniProgram.objects.exists() and ApiClient.objects.get().is_limited


def test_many_rows_cost_no_more_queries(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    code = issue(miniprogram, "t=1")

    def count():
        with CaptureQueriesContext(connection) as queries:
            operator.get(delete_page(miniprogram))
        return len(queries)

    count()
    few = count()
    copy_rows(code, count=40)
    assert count() == few


def test_several_at_once_are_counted_too(operator, sandbox):
    one, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    issue(one, "t=1")
    chosen = {"action": "delete_selected", "_selected_action": [one.pk, other.pk]}
    text = operator.post("/admin/miniprograms/miniprogram/", chosen).text
    assert "Cannot delete mini-programs" in text and "Issued codes: 1" in text


def test_an_api_client_says_no_word_of_hidden_tables(operator, sandbox):
    miniprogram = make_miniprogram(sandbox)
    client, _key = create_client(name="shop", scopes=["codes:create"], appids=[miniprogram.appid])
    assert "relationship" not in operator.get(delete_page(client)).text
    operator.post(delete_page(client), {"post": "yes"})
    assert not ApiClient.objects.exists() and MiniProgram.objects.exists()


def test_who_may_not_delete_is_refused(sandbox):
    miniprogram = make_miniprogram(sandbox)
    vera = User.objects.create(username="vera", is_staff=True)
    vera.user_permissions.add(*Permission.objects.filter(codename__in=["change_miniprogram", "see_every_miniprogram"]))
    browser = Client()
    browser.force_login(vera)
    assert browser.post(delete_page(miniprogram), {"post": "yes"}).status_code == 403
