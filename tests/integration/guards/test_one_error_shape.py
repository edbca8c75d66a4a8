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
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


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


REQUESTS = [(method, path) for path in PATHS for method in METHODS]


def faults_of(answer: Any) -> list[str]:
    """What keeps the answer from being a problem."""
    if answer["Content-Type"] != "application/problem+json":
        return [f"{answer.status_code} {answer['Content-Type']}: {answer.content[:200]!r}"]
    problem = answer.json()
    rules = {
        "its names": REQUIRED <= set(problem) <= KNOWN,
        "its status": problem.get("status") == answer.status_code,
        "its words": bool(problem.get("detail") and problem.get("title")),
    }
    return [f"{name}: {problem}" for name, holds in rules.items() if not holds]


def test_the_endpoints_are_found():
    assert set(api_paths()) >= OLDER
    assert {"/api/v1/codes/", "/api/v1/codes/999999/image", "/api/v1/miniprograms/"} <= set(PATHS)


@pytest.mark.django_db
def test_every_request_without_a_key_is_a_problem():
    stranger, wrong = Client(), []
    for method, path in REQUESTS:
        answer = stranger.generic(method, path)
        if faults_of(answer) or answer.status_code not in (401, 404, 405):
            wrong.append((method, path, answer.status_code, faults_of(answer)))
    assert not wrong


@pytest.mark.django_db
def test_every_failing_request_with_a_key_is_a_problem():
    api, wrong = make_api(), []
    for method, path in REQUESTS:
        answer = api.generic(method, path, data=b"{", content_type="application/json")
        if faults_of(answer) if answer.status_code >= 400 else method != "GET":
            wrong.append((method, path, answer.status_code, faults_of(answer)))
    assert not wrong


@pytest.mark.django_db
def test_no_accept_header_changes_the_shape():
    api = make_api()
    for accept in ("image/*", "text/html", "application/xml", "*/*"):
        answer = api.post("/api/v1/codes/", {"scene": 1}, format="json", headers={"accept": accept})
        assert answer.status_code >= 400 and faults_of(answer) == []
