"""Operators make, replace and revoke keys in the admin; a key is on one page and nowhere else."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.urls import reverse

from apps.clients.facts import find_caller
from apps.clients.models import ApiClient
from tests.integration.clients.conftest import APPID, ORIGIN

ADD = reverse("admin:clients_apiclient_add", urlconf="tests.integration.clients.urls")
LIST = reverse("admin:clients_apiclient_changelist", urlconf="tests.integration.clients.urls")
KEY = re.compile(r"wxc_[A-Za-z0-9]{52}")


def form(**fields):
    return {"name": "shop", "scopes": ["codes:read"], "is_active": "on"} | fields


def change_page(client):
    return reverse("admin:clients_apiclient_change", args=[client.pk])


def tool(client, name):
    return reverse("admin:clients_apiclient_actions", args=[client.pk, name])


def everything_kept():
    """All that the database remembers besides the client: history and sessions."""
    history = [(entry.change_message, entry.object_repr) for entry in LogEntry.objects.all()]
    return repr((history, [session.get_decoded() for session in Session.objects.all()]))


def test_adding_a_client_shows_its_key_once(operator):
    response = operator.post(ADD, form())
    (key,) = set(KEY.findall(response.text))
    assert find_caller(key).name == "shop"
    assert "no-store" in response["Cache-Control"]
    assert LogEntry.objects.count() == 1
    assert key not in everything_kept()
    assert key not in str(operator.cookies)


def test_no_later_page_shows_the_key(operator):
    (key,) = set(KEY.findall(operator.post(ADD, form()).text))
    client = ApiClient.objects.get()
    history = reverse("admin:clients_apiclient_history", args=[client.pk])
    for page in (LIST, change_page(client), history, reverse("admin:index")):
        text = operator.get(page).text
        assert key not in text and client.key_hash not in text
    assert key[:12] in operator.get(change_page(client)).text


@pytest.mark.parametrize("button", ["_continue", "_addanother", "_save"])
def test_no_button_skips_the_page_with_the_key(operator, button):
    assert KEY.search(operator.post(ADD, form(**{button: "1"})).text)


def test_lists_are_typed_one_per_line(operator, miniprogram):
    operator.post(
        ADD,
        form(origins=f"{ORIGIN}/\r\n\r\n {ORIGIN} ", networks="10.0.0.0/8\n::1", miniprograms=[miniprogram.pk]),
    )
    client = ApiClient.objects.get()
    assert (client.origins, client.networks) == ([ORIGIN], ["10.0.0.0/8", "::1/128"])
    assert client.is_limited
    assert f"{ORIGIN}</textarea>" in operator.get(change_page(client)).text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("origins", "https://a.example\nshop\n*", "“*” is not an origin"),
        ("networks", "10.1.0.0/8", "Did you mean 10.0.0.0/8?"),
        ("scopes", ["all"], "all is not one of the available choices"),
        ("scopes", [], "This field is required"),
    ],
)
def test_a_mistake_is_shown_and_nothing_is_made(operator, field, value, message):
    response = operator.post(ADD, form(**{field: value}))
    assert message in response.text
    assert not ApiClient.objects.exists()


def test_the_add_form_offers_the_usual_scopes(operator):
    text = operator.get(ADD).text
    assert len(re.findall(r'<input type="checkbox" name="scopes"[^>]*checked', text)) == 2
    assert len(re.findall(r'<input type="checkbox" name="scopes"', text)) == 4


def test_changing_a_client_keeps_its_key(operator, make):
    client, key = make()
    response = operator.post(change_page(client), form(name="renamed"))
    assert response.status_code == 302
    assert find_caller(key).name == "renamed"


def test_saving_without_a_change_records_none(operator, make):
    client, _key = make(scopes=["codes:read"], origins=[ORIGIN])
    operator.post(change_page(client), form(origins=ORIGIN))
    assert LogEntry.objects.get().get_change_message() == "No fields changed."


def test_replacing_a_key_asks_first(operator, make):
    client, key = make()
    response = operator.post(tool(client, "rotate_key"))
    assert "stops working" in response.text
    assert find_caller(key)


def test_replacing_a_key_shows_the_new_one_and_records_only_that_it_was(operator, make):
    client, old = make()
    response = operator.post(tool(client, "rotate_key"), {"confirmed": "yes", "hand_over": "0"})
    (new,) = set(KEY.findall(response.text))
    assert find_caller(new) and not find_caller(old)
    assert LogEntry.objects.get().change_message == "Created a new key; the previous one no longer works."
    assert new not in everything_kept()


def test_revoking_asks_first_and_then_refuses_the_key(operator, make):
    client, key = make()
    assert "Revoke" in operator.post(tool(client, "revoke")).text
    assert find_caller(key)
    response = operator.post(tool(client, "revoke"), {"confirmed": "yes"}, follow=True)
    assert "is revoked" in response.text
    assert find_caller(key) is None


@pytest.mark.parametrize("name", ["rotate_key", "revoke"])
def test_a_link_cannot_act_on_a_key(operator, make, name):
    client, key = make()
    assert operator.get(tool(client, name), {"confirmed": "yes"}).status_code == 405
    assert find_caller(key)


@pytest.mark.parametrize("name", ["rotate_key", "revoke"])
def test_staff_who_may_only_look_cannot_act_on_a_key(client, make, name):
    viewer = User.objects.create(username="viewer", is_staff=True)
    viewer.user_permissions.add(*Permission.objects.filter(codename__in=["view_apiclient", "see_every_miniprogram"]))
    client.force_login(viewer)
    api_client, key = make()
    assert client.post(tool(api_client, name), {"confirmed": "yes"}).status_code == 403
    assert find_caller(key)
    assert "Rotate key" not in client.get(change_page(api_client)).text


def test_buttons_are_shown_for_active_clients_only(operator, make):
    client, _key = make()
    assert "Rotate key" in operator.get(change_page(client)).text
    ApiClient.objects.update(is_active=False)
    assert "Rotate key" not in operator.get(change_page(client)).text


def test_the_list_tells_what_each_key_may_do(operator, make, miniprogram):
    make(appids=[APPID], scopes=["tokens:read"])
    make(name="all")
    text = operator.get(LIST).text
    assert "tokens:read" in text and "Shop" in text and "every one" in text


def test_the_list_says_when_a_key_lost_its_miniprograms(operator, make, miniprogram):
    make(appids=[APPID])
    miniprogram.delete()
    assert "none: they were deleted" in operator.get(LIST).text


def test_the_list_costs_no_query_per_client(operator, make, miniprogram, django_assert_max_num_queries):
    for number in range(12):
        make(name=f"n{number}", appids=[APPID])
    with django_assert_max_num_queries(9):
        operator.get(LIST)
