"""Keys, sessions and scopes as REST framework views see them."""

import json

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from tests.integration.clients.conftest import APPID, ORIGIN, OTHER_APPID, bearer

CODES = "/api/v1/codes/"


def answer(response):
    return response.status_code, response.json()["code"]


def test_a_key_is_the_caller(client, make):
    _client, key = make()
    for headers in (bearer(key), {"X-API-Key": key}):
        assert client.get(CODES, headers=headers).json() == {"label": "client:shop", "user": "shop"}


def test_nobody_is_asked_to_authenticate(client):
    response = client.get(CODES)
    assert answer(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"


def test_an_unknown_key_is_refused_whatever_is_wrong_with_it(client):
    response = client.get(CODES, headers=bearer("wxc_x"))
    assert answer(response) == (401, "invalid_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_missing_scope_is_named(client, make):
    _client, key = make(scopes=["codes:read"])
    response = client.post(CODES, headers=bearer(key))
    assert answer(response) == (403, "missing_scope")
    assert "codes:create" in response.json()["detail"]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_need_what_get_needs(client, make, method):
    _client, creating = make(scopes=["codes:create"])
    _client, reading = make(name="reader", scopes=["codes:read"])
    assert client.generic(method, CODES, headers=bearer(creating)).status_code == 403
    assert client.generic(method, CODES, headers=bearer(reading)).status_code == 200


def test_options_says_the_same_to_every_key(client, make):
    _client, reading = make(scopes=["codes:read"])
    _client, both = make(name="both")
    told = [client.options(CODES, headers=bearer(key)).json() for key in (reading, both)]
    assert told[0] == told[1] and "POST" in told[0]["methods"]


def test_options_of_a_view_without_get_need_only_a_key(client, make):
    _client, key = make(scopes=["tokens:read"])
    assert client.options("/api/v1/post-only/", headers=bearer(key)).status_code == 200
    assert client.options("/api/v1/post-only/").status_code == 401


def test_a_method_that_the_view_lacks_is_not_a_matter_of_scopes(client, make):
    response = client.delete(CODES, headers=bearer(make()[1]))
    assert answer(response) == (405, "method_not_allowed")


def test_a_view_that_forgot_its_scopes_lets_nobody_in(client, make):
    with pytest.raises(ImproperlyConfigured, match="Undeclared"):
        client.get("/api/v1/undeclared/", headers=bearer(make()[1]))


def test_a_miniprogram_of_others_is_refused_whether_or_not_it_exists(client, make, miniprogram, other_miniprogram):
    _client, key = make(appids=[APPID])
    assert client.get(f"/api/v1/miniprograms/{APPID}/", headers=bearer(key)).status_code == 200
    for appid in (OTHER_APPID, "wx0000000000000000"):
        response = client.get(f"/api/v1/miniprograms/{appid}/", headers=bearer(key))
        assert answer(response) == (403, "miniprogram_not_granted")


def test_the_address_of_the_peer_counts(client, make):
    _client, key = make(networks=["10.0.0.0/8"])
    assert client.get(CODES, headers=bearer(key), REMOTE_ADDR="10.0.0.1").status_code == 200
    forwarded = bearer(key) | {"X-Forwarded-For": "10.0.0.1"}
    response = client.get(CODES, headers=forwarded, REMOTE_ADDR="192.0.2.1")
    assert answer(response) == (403, "network_not_allowed")
    assert "192.0.2.1" in response.json()["detail"]


def test_a_request_with_a_remembered_key_costs_no_query(client, make, django_assert_num_queries):
    _client, key = make()
    client.get(CODES, headers=bearer(key) | {"Origin": ORIGIN})
    with django_assert_num_queries(0):
        assert client.get(CODES, headers=bearer(key) | {"Origin": ORIGIN}).status_code == 200


# --- staff -----------------------------------------------------------------------------------------------------


def signed_in(*, is_staff=True, **options):
    browser = Client(**options)
    browser.force_login(User.objects.create(username="anna", is_staff=is_staff, is_superuser=is_staff))
    return browser


def test_staff_come_with_their_session(db):
    assert signed_in().get(CODES).json() == {"label": "staff:anna", "user": "anna"}


def test_a_session_of_somebody_else_is_nobody(db):
    assert answer(signed_in(is_staff=False).get(CODES)) == (401, "not_authenticated")


def test_staff_who_were_deactivated_are_nobody(db):
    browser = signed_in()
    User.objects.update(is_active=False)
    assert browser.get(CODES).status_code == 401


def test_staff_on_a_page_whose_origin_is_hidden_are_told_so(db):
    browser = signed_in(enforce_csrf_checks=True)
    problem = browser.post(CODES, "{}", "application/json", headers={"Origin": "null"}).json()
    assert problem["code"] == "csrf_failed"
    assert "“Origin: null”" in problem["detail"] and "Referrer-Policy" in problem["advice"]


def test_staff_need_the_csrf_token_for_unsafe_methods(db):
    browser = signed_in(enforce_csrf_checks=True)
    assert answer(browser.post(CODES, "{}", "application/json")) == (403, "csrf_failed")
    token = "a" * 32
    browser.cookies["csrftoken"] = token
    response = browser.post(CODES, json.dumps({}), "application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 201


def test_a_key_needs_no_csrf_token_and_goes_before_the_session(make):
    browser = signed_in(enforce_csrf_checks=True)
    response = browser.post(CODES, "{}", "application/json", headers=bearer(make()[1]))
    assert response.json() == {"label": "client:shop"}


def test_a_bad_key_does_not_fall_back_to_the_session(db):
    assert answer(signed_in().get(CODES, headers=bearer("wxc_x"))) == (401, "invalid_key")
