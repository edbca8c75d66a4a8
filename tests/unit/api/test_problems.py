"""Whatever goes wrong below /api/, the answer has one shape."""

import json
import logging

import pytest
from django.test import Client, RequestFactory

from apps.api.problems import csrf_failure, problem_bytes, problem_response
from apps.errors import InvalidRequest, NotFound, WxcodeError
from tests.unit.api.urls import FAILURES

JSON = "application/json"
OPTIONAL = {"errors", "errcode", "rid", "advice"}


def kind(name, **headers):
    return {"method": "GET", "path": f"/api/v1/failing/?kind={name}", "headers": headers}


def plain(name):
    return {"method": "GET", "path": f"/api/v1/plain/?kind={name}"}


def body(text, content_type=JSON):
    return {"method": "POST", "path": "/api/v1/things/", "data": text, "content_type": content_type}


ANSWERS = [
    (kind("ours"), 409, "conflict"),
    (kind("wechat"), 503, "wechat_busy"),
    (kind("http404"), 404, "not_found"),
    (kind("forbidden"), 403, "permission_denied"),
    (kind("database"), 503, "database_unavailable"),
    (kind("suspicious"), 400, "invalid_request"),
    (kind("too-big"), 413, "body_too_large"),
    (kind("django-validation"), 400, "invalid_request"),
    (kind("form-validation"), 400, "invalid_request"),
    (kind("validation"), 400, "invalid_request"),
    (kind("parse"), 400, "malformed_json"),
    (kind("unauthenticated"), 401, "not_authenticated"),
    (kind("drf-forbidden"), 403, "permission_denied"),
    (kind("drf-not-found"), 404, "not_found"),
    (kind("throttled"), 429, "too_many_requests"),
    (kind("teapot"), 400, "invalid_request"),
    (kind("fault"), 500, "internal_error"),
    (kind("ours", Accept="image/*"), 409, "conflict"),
    (kind("ours", Accept="text/html"), 406, "not_acceptable"),
    (plain("http404"), 404, "not_found"),
    (plain("forbidden"), 403, "permission_denied"),
    (plain("suspicious"), 400, "invalid_request"),
    (plain("fault"), 500, "internal_error"),
    (body("{"), 400, "malformed_json"),
    (body(b"\xff\xfe{"), 400, "malformed_json"),
    (body("[" * 100_000), 400, "malformed_json"),
    (body("[]"), 400, "invalid_request"),
    (body("null"), 400, "invalid_request"),
    (body("{}"), 400, "invalid_request"),
    (body("{}", "text/plain"), 415, "unsupported_media_type"),
    ({"method": "DELETE", "path": "/api/v1/failing/"}, 405, "method_not_allowed"),
    ({"method": "GET", "path": "/api/v1/nothing/"}, 404, "not_found"),
    ({"method": "POST", "path": "/api/v1/nothing/"}, 404, "not_found"),
    ({"method": "GET", "path": "/api/"}, 404, "not_found"),
    ({"method": "GET", "path": "/api/v1/failing/", "headers": {"Host": "elsewhere.example"}}, 400, "invalid_request"),
]


def ask(client, request):
    options = dict(request)
    return client.generic(options.pop("method"), options.pop("path"), **options)


@pytest.mark.parametrize(("request_", "status", "code"), ANSWERS, ids=lambda value: str(value)[:70])
def test_every_failure_has_the_same_shape(api, request_, status, code):
    response = ask(api, request_)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert list(problem)[:5] == ["type", "title", "status", "detail", "code"]
    assert set(problem) - {"type", "title", "status", "detail", "code"} <= OPTIONAL
    assert problem["status"] == status
    assert problem["type"] == f"urn:wxcode:problem:{code}"
    assert problem["title"] and problem["detail"]


def test_no_kind_of_failure_is_left_out():
    assert {name for name in FAILURES if kind(name) in [request for request, *_ in ANSWERS]} == set(FAILURES)


@pytest.mark.parametrize("path", ["/api/v1/failing/?kind=fault", "/api/v1/plain/?kind=fault"])
def test_a_fault_of_ours_is_logged_but_not_told(api, path, caplog):
    response = api.get(path)
    assert "hunter2" not in response.text and "RuntimeError" not in response.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None and isinstance(record.exc_info[1], RuntimeError)


def test_what_wechat_said_is_passed_on(api):
    response = ask(api, kind("wechat"))
    assert (response.json()["errcode"], response.json()["rid"]) == (45011, "6a-1-2")
    assert response["Retry-After"] == "60"


def test_who_must_wait_is_told_how_many_whole_seconds(api):
    assert ask(api, kind("throttled"))["Retry-After"] == "2"


def test_who_must_authenticate_is_told_how(api):
    assert ask(api, kind("unauthenticated"))["WWW-Authenticate"] == "Bearer"


def test_a_wrong_method_is_told_the_right_ones(api):
    response = api.delete("/api/v1/things/")
    assert response["Allow"] == "POST, OPTIONS"
    assert response.json()["advice"] == "Use POST."


def test_a_wrong_content_type_is_told_the_right_one(api):
    assert ask(api, body("a=1", "text/plain")).json()["advice"] == "Send Content-Type: application/json."


def test_an_unacceptable_type_is_told_the_acceptable_ones(api):
    response = api.get("/api/v1/failing/", headers={"Accept": "application/pdf"})
    assert response.json()["advice"] == "Send Accept: application/json, image/png."


def test_the_names_of_our_models_stay_inside(api):
    assert "Secret" not in ask(api, kind("http404")).text


def test_nested_field_errors_come_under_dotted_names(api):
    problem = ask(api, kind("validation")).json()
    assert problem["errors"] == {"line_color.r": ["too red", "too bright"], "scene": ["x"]}
    assert problem["detail"] == "line_color.r: too red (and 2 more, see errors)"


def test_errors_in_rows_name_the_row(api):
    problem = api.post("/api/v1/things/", {"scene": "a", "rows": [{"r": 1}, {"r": 999}]}, JSON).json()
    assert list(problem["errors"]) == ["rows.1.r"]


def test_a_mistake_that_belongs_to_no_field_is_only_in_the_detail(api):
    problem = ask(api, kind("form-validation")).json()
    assert problem["detail"] == "no good"
    assert "errors" not in problem


def test_problem_bytes_are_what_the_api_answers(api):
    status, headers, content = problem_bytes(FAILURES["wechat"]())
    response = ask(api, kind("wechat"))
    assert (response.status_code, response.content) == (status, content)
    assert dict(headers).items() <= dict(response.headers).items()


def test_problem_response_carries_the_same_bytes():
    error = InvalidRequest("场景", errors={"scene": ["太长"]}, retry_after=3)
    status, headers, content = problem_bytes(error)
    response = problem_response(error)
    assert (response.status_code, response.content, list(response.items())) == (status, content, headers)
    assert "太长" in content.decode()


def test_half_a_character_in_a_message_does_not_break_the_answer():
    _status, _headers, content = problem_bytes(InvalidRequest("\ud800"))
    assert json.loads(content)["detail"] == "?"


def test_an_address_that_lacks_only_its_slash_says_so(api):
    problem = api.post("/api/v1/things", "{}", JSON).json()
    assert problem["advice"] == "Add the slash at the end: /api/v1/things/"


def test_an_address_that_a_slash_does_not_help_points_to_the_docs(api):
    assert "/api/docs/" in api.get("/api/v1/nothing").json()["advice"]


def test_an_unknown_address_is_not_found_even_without_a_csrf_token(api):
    assert Client(enforce_csrf_checks=True).post("/api/v1/nothing/").status_code == 404


def test_a_missing_csrf_token_is_a_problem_too(api):
    response = Client(enforce_csrf_checks=True).post("/api/v1/plain/")
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


def test_a_form_of_a_page_whose_origin_is_hidden_is_told_so():
    request = RequestFactory().post("/api/v1/plain/", headers={"Origin": "null"})
    problem = json.loads(csrf_failure(request, "Origin checking failed").content)
    assert problem["code"] == "csrf_failed"
    assert "“Origin: null”" in problem["detail"] and "Referrer-Policy" in problem["advice"]


@pytest.mark.parametrize(
    ("name", "status"), [("http404", 404), ("forbidden", 403), ("suspicious", 400), ("fault", 500)]
)
def test_pages_outside_the_api_keep_djangos_answers(api, name, status):
    response = api.get(f"/page/?kind={name}")
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")


def test_a_missing_csrf_token_outside_the_api_is_a_page(api):
    response = Client(enforce_csrf_checks=True).post("/page/")
    assert (response.status_code, response["Content-Type"].split(";")[0]) == (403, "text/html")


def test_head_answers_without_a_body(api):
    response = api.head("/api/v1/nothing/")
    assert (response.status_code, response.content) == (404, b"")


def test_an_error_without_words_says_its_title():
    assert WxcodeError().as_problem()["detail"] == "Something went wrong"
    assert NotFound().as_problem()["detail"] == "Not found"
