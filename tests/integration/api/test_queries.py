"""Query parameters with a few values refuse all others by name; an empty one counts as left out."""

import re
from urllib.parse import urlencode

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api/v1/codes/?archived=yes", "archived"), ("/api/v1/codes/?archived=-1", "archived")],
)
def test_a_value_that_is_none_is_refused(path, name):
    refused = make_api().get(path)
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [name])


@pytest.mark.parametrize("value", ["true", "True", "1", "false", "0", ""])
def test_true_and_false_are_taken_in_every_spelling(value):
    assert make_api().get(f"/api/v1/codes/?archived={value}").status_code == 200


def test_dry_run_download_and_embed_are_not_ignored_when_misspelt(sandbox):
    shop, api = make_miniprogram(sandbox, default_page="pages/index/index"), make_api()
    body = {"appid": shop.appid, "rows": [{"scene": "a"}]}
    assert api.post("/api/v1/batches/?dry_run=yes", body, "json").json()["errors"].keys() == {"dry_run"}
    code = {"appid": shop.appid, "scene": "a"}
    assert api.post("/api/v1/codes/?embed=base64", code, "json").json()["errors"].keys() == {"embed"}
    address = api.post("/api/v1/codes/?embed=", code, "json").json()["image_url"]
    assert api.get(f"{address}?download=yes").json()["errors"].keys() == {"download"}
    assert "attachment" in api.get(f"{address}?download=1")["Content-Disposition"]
    assert "Content-Disposition" not in api.get(f"{address}?download=")


def test_a_field_without_a_name_is_an_error_with_a_name(sandbox):
    shop = make_miniprogram(sandbox)
    refused = make_api().post("/api/v1/codes/", {"appid": shop.appid, "scene": "a", "": 1}, "json")
    assert list(refused.json()["errors"]) == ['""']


def test_accept_alone_decides_on_the_form_of_an_answer():
    refused = make_api().get("/api/v1/codes/?format=xml")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["format"])


@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        ("codes/?scen=a", "scen", "“scene”"),
        ("codes/?apid=a&scene=b", "apid", "“appid”"),
        ("codes/?zzz=1", "zzz", "Available: appid, kind, scene"),
        ("batches/?sarch=a", "sarch", "“search”"),
        ("failed-attempts/?errcod=1", "errcod", "“errcode”"),
        ("codes/1/image?widht=280", "widht", "“width”"),
        ("batches/1/items/?stat=failed", "stat", "“state”"),
        ("batches/1/export.csv?stat=failed", "stat", "“state”"),
        ("batches/1/export.pdf?colums=4", "colums", "“columns”"),
        ("batches/1/export.zip?state=failed", "state", "takes none"),
        ("miniprograms/?appid=wx0123456789abcdef", "appid", "takes none"),
        ("miniprograms/wx0123456789abcdef/access-token/?force=1", "force", "takes none"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_the_nearest_one(path, name, words):
    refused = make_api().get(f"/api/v1/{path}")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [name])
    assert words in refused.json()["errors"][name][0]


def test_a_misspelt_dry_run_or_embed_spends_nothing(sandbox):
    shop, api = make_miniprogram(sandbox, default_page="pages/index/index"), make_api()
    rows = {"appid": shop.appid, "rows": [{"scene": "a"}]}
    assert api.post("/api/v1/batches/?dryrun=1", rows, "json").json()["errors"].keys() == {"dryrun"}
    code = {"appid": shop.appid, "scene": "a"}
    assert api.post("/api/v1/codes/?embd=data_url", code, "json").json()["errors"].keys() == {"embd"}
    assert api.get("/api/v1/batches/").json()["results"] == api.get("/api/v1/codes/").json()["results"] == []


def operations():
    document = SchemaGenerator().get_schema(public=True)
    return [
        (
            method,
            re.sub(r"{\w+}", "1", path),
            [each["name"] for each in found.get("parameters", []) if each["in"] == "query"],
        )
        for path, methods in document["paths"].items()
        for method, found in methods.items()
    ]


def test_every_operation_refuses_what_it_does_not_take_and_takes_what_it_says():
    api, wrong = make_api(), []
    for method, path, documented in operations():
        query = urlencode(dict.fromkeys([*documented, "zzz"], ""))
        refused = api.generic(method.upper(), f"{path}?{query}")
        if (refused.status_code, list(refused.json().get("errors", {}))) != (400, ["zzz"]):
            wrong.append((method, path, refused.status_code, refused.json()))
    assert not wrong


def test_a_key_is_asked_for_before_the_parameters(client):
    assert client.get("/api/v1/codes/1/?zzz=1").status_code == 401


def test_a_method_that_is_not_answered_stays_so_and_options_describes():
    api = make_api()
    assert api.delete("/api/v1/codes/?zzz=1").status_code == 405
    assert api.options("/api/v1/codes/?zzz=1").status_code == 200


def test_a_word_that_no_filter_knows_is_answered_with_those_it_knows():
    refused = make_api().get("/api/v1/codes/?kind=limitd&issued_after=yesterday").json()["errors"]
    assert refused["kind"] == ["Use unlimited / limited / qrcode, or omit it."]
    assert "2026-11-21T12:00:00Z" in refused["issued_after"][0]


@pytest.mark.parametrize(
    "path",
    ["codes/?appid=a&appid=b", "codes/?limit=1&limit=2", "batches/?search=a&search=b", "codes/?archived=1&archived=0"],
)
def test_what_is_said_twice_is_refused(path):
    refused = make_api().get(f"/api/v1/{path}")
    name = path.partition("?")[2].partition("=")[0]
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [name])


def test_a_filter_of_several_values_takes_them():
    assert make_api().get("/api/v1/batches/?state=done&state=held").status_code == 200


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2026-11-21T12:00:00%2B08:00", 200),
        ("2026-11-21T12:00:00.123456+08:00", 200),
        ("2026-11-21T12:00:00 0800", 200),
        ("2026-11-21", 200),
        ("0003-11-20T17:47:28-21:38", 200),
        ("0001-01-01T00:00:00%2B14:00", 400),
        ("9999-12-31T23:59:59-12:00", 400),
        ("yesterday", 400),
    ],
)
def test_moments_at_the_edge_of_time_are_taken_or_refused(moment, status):
    assert make_api().get(f"/api/v1/codes/?issued_before={moment}").status_code == status
