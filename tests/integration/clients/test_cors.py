"""Browsers hand answers only to pages that a key lists."""

import pytest

from apps.clients.services import revoke_client
from tests.integration.clients.conftest import ORIGIN, bearer

CODES = "/api/v1/codes/"
ALLOWED = "Access-Control-Allow-Origin"
OTHER = "https://blog.example.com"


def preflight(client, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options(CODES, headers=headers)


def test_a_preflight_from_a_listed_origin_is_answered_without_a_key(client, make):
    make(origins=[ORIGIN])
    response = preflight(client, ORIGIN)
    assert (response.status_code, response[ALLOWED]) == (200, ORIGIN)
    assert "POST" in response["Access-Control-Allow-Methods"]
    assert {"authorization", "x-api-key"} <= set(response["Access-Control-Allow-Headers"].split(", "))
    assert "origin" in response["Vary"].lower()


@pytest.mark.parametrize("origin", [OTHER, "null", "http://shop.example.com", "https://shop.example.com:8443", "*"])
def test_a_preflight_from_elsewhere_gets_no_permission(client, make, origin):
    make(origins=[ORIGIN])
    assert ALLOWED not in preflight(client, origin)


def test_the_answer_names_the_origin_and_never_allows_cookies(client, make):
    _client, key = make(origins=[ORIGIN])
    response = client.get(CODES, headers=bearer(key) | {"Origin": ORIGIN})
    assert (response.status_code, response[ALLOWED]) == (200, ORIGIN)
    assert "Access-Control-Allow-Credentials" not in response
    assert "Retry-After" in response["Access-Control-Expose-Headers"]


def test_a_page_that_only_another_key_lists_is_refused(client, make):
    _client, key = make(origins=[ORIGIN])
    make(name="blog", origins=[OTHER])
    response = client.get(CODES, headers=bearer(key) | {"Origin": OTHER})
    assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
    assert ALLOWED not in response


def test_a_page_whose_origin_is_hidden_is_told_so(client, make):
    _client, key = make(origins=[ORIGIN])
    problem = client.get(CODES, headers=bearer(key) | {"Origin": "null"}).json()
    assert problem["code"] == "origin_not_allowed"
    assert "“Origin: null”" in problem["detail"] and "from a web server" in problem["advice"]


def test_a_server_key_in_a_browser_is_answered_without_permission_to_read(client, make):
    _client, key = make()
    make(name="blog", origins=[ORIGIN])
    assert ALLOWED not in client.get(CODES, headers=bearer(key) | {"Origin": ORIGIN})


def test_a_page_may_read_why_it_was_turned_away(client, make):
    make(origins=[ORIGIN])
    response = client.get(CODES, headers=bearer("wxc_old") | {"Origin": ORIGIN})
    assert (response.status_code, response[ALLOWED]) == (401, ORIGIN)


def test_the_origins_of_a_revoked_key_are_forgotten(client, make):
    revoke_client(make(origins=[ORIGIN])[0])
    assert ALLOWED not in preflight(client, ORIGIN)


def test_pages_outside_the_api_are_never_shared(client, make, operator):
    make(origins=[ORIGIN])
    assert ALLOWED not in operator.get("/admin/", headers={"Origin": ORIGIN})


def test_a_second_preflight_costs_no_query(client, make, django_assert_num_queries):
    make(origins=[ORIGIN])
    preflight(client, ORIGIN)
    with django_assert_num_queries(0):
        preflight(client, ORIGIN)
