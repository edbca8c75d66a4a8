"""Every endpoint below /api/ fails in one shape, whatever is wrong with the request."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.parts import make_api

REQUIRED = {"type", "title", "status", "detail", "code"}
KNOWN = REQUIRED | {"errors", "errcode", "rid", "advice"}
SAMPLES = {"pk": "999999", "appid": "wx00000000000000ff"}
# these two describe the API and are open to everybody
OPEN = {"/api/schema/", "/api/docs/"}
# pages written for older services expect the answers of those, failures included
OLDER = {"/api/extend/get/wx/token", "/api/extend/get/wx/unlimited", "/api/qrcode", "/api/health"}
METHODS = ["get", "post", "put", "patch", "delete"]


def api_paths(resolver: URLResolver | None = None, prefix: str = "/") -> list[str]:
    """Every address below /api/ with sample values for its parameters."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += api_paths(entry, path)
        elif isinstance(entry, URLPattern) and path.startswith("/api/") and "^" not in path:
            for name in entry.pattern.converters:
                path = path.replace(f"<{type_of(entry, name)}:{name}>", SAMPLES[name])
            found.append(path)
    return found


def type_of(entry: URLPattern, name: str) -> str:
    return str(entry.pattern).split(f":{name}>")[0].rsplit("<", 1)[1]


PATHS = [path for path in api_paths() if path not in OPEN | OLDER] + [
    "/api/v1/nothing/",
    "/api/nothing",
    "/api/v1/codes",
]


def assert_is_problem(answer: Any) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json", answer.content[:200]
    problem: dict[str, Any] = answer.json()
    assert REQUIRED <= set(problem) <= KNOWN
    assert problem["status"] == answer.status_code
    assert problem["detail"] and problem["title"]
    return problem


def test_the_endpoints_are_found():
    assert set(api_paths()) >= OLDER
    assert {"/api/v1/codes/", "/api/v1/codes/999999/image", "/api/v1/miniprograms/"} <= set(PATHS)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_a_request_without_a_key_is_a_problem(path, method):
    problem = assert_is_problem(getattr(Client(), method)(path))
    assert problem["status"] in (401, 404, 405)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_a_failing_request_with_a_key_is_a_problem(path, method):
    answer = make_api().generic(method.upper(), path, data=b"{", content_type="application/json")
    if answer.status_code >= 400:
        assert_is_problem(answer)
    else:
        assert method == "get"


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["image/*", "text/html", "application/xml", "*/*"])
def test_no_accept_header_changes_the_shape(accept):
    assert_is_problem(make_api().post("/api/v1/codes/", {"scene": 1}, format="json", headers={"accept": accept}))
