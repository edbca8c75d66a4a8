"""The list of API clients goes out as CSV: what each may do and how long, of its key no more than the list shows."""

import csv
import io

from django.contrib.auth.models import Permission, User

from apps.clients.services import rotate_key
from tests.integration.clients.conftest import APPID, ORIGIN

LIST = "/admin/clients/apiclient/"


def export(browser, **filters):
    text = b"".join(browser.get(f"{LIST}export.csv", filters).streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))), text


def test_the_list_offers_the_export_of_what_it_shows(operator, make):
    make()
    text = operator.get(LIST, {"q": "shop"}).text
    assert f'href="{LIST}export.csv?q=shop"' in text and "Export as CSV" in text


def test_a_row_says_what_the_key_may_do(operator, make, miniprogram):
    make(appids=[APPID], origins=[ORIGIN], networks=["10.0.0.0/8"])
    make(name="robot", scopes=["codes:read"])
    (robot, shop), _text = export(operator)
    assert (shop["name"], shop["scopes"], shop["miniprograms"]) == ("shop", "codes:create codes:read", APPID)
    assert (shop["origins"], shop["networks"], shop["is_active"]) == (ORIGIN, "10.0.0.0/8", "True")
    assert (robot["name"], robot["miniprograms"], robot["rate_limit"]) == ("robot", "*", "")


def test_no_key_and_no_hash_of_one_goes_out(operator, make):
    client, first = make()
    second = rotate_key(client)
    (row,), text = export(operator)
    client.refresh_from_db()
    assert row["key"] == client.key_prefix
    for secret in (first, second, client.key_hash):
        assert secret not in text and secret[len(client.key_prefix) :] not in text


def test_the_filters_of_the_list_hold_for_the_export(operator, make):
    make()
    make(name="robot")
    assert [row["name"] for row in export(operator, q="robot")[0]] == ["robot"]


def test_who_may_not_see_the_list_gets_no_file(client, make):
    vera = User.objects.create(username="vera", is_staff=True)
    vera.user_permissions.add(Permission.objects.get(codename="view_apiclient"))
    client.force_login(vera)
    assert client.get(f"{LIST}export.csv").status_code == 403
