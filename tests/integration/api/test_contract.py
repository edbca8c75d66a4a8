"""What the OpenAPI document promises holds for whatever a caller sends: schemathesis over all operations, all checks.

A few requests of each operation, always the same ones; tests/drills/test_contract.py has the long form.
CONTRACT_EXAMPLES=200 CONTRACT_SEED=7 makes a longer run with other cases.
"""

import os
import re
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, assume, seed, settings

from apps.batches.models import CodeBatch
from apps.codes.models import IssuedCode
from tests.parts import make_api, make_miniprogram

APPID = "wx0123456789abcdef"
IS_LONG = os.environ.get("DRILLS") == "long"
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES") or (100 if IS_LONG else 3))
SEED = int(os.environ.get("CONTRACT_SEED", "0"))

# JSON Schema cannot say every rule: a cursor is one that we made, a caption names a column of this very batch, a
# scene goes with one kind and a path with another. Such a request may be refused, if the refusal names the
# field (see the check below).
REFUSALS = ["2xx", "3xx", "400", "401", "403", "404", "409", "422", "429", "5xx"]
config = schemathesis.Config.from_dict(
    {
        "checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}},
        # a hundred requests for each operation: every edge of every parameter
        "phases": {"coverage": {"enabled": IS_LONG}},
    }
)
django = get_wsgi_application()


class Count:
    sent = 0


@pytest.fixture(scope="module", autouse=True)
def _say_how_many(request):
    yield
    plugins = request.config.pluginmanager
    reporter = plugins.get_plugin("terminalreporter")
    # a worker of xdist has none
    if reporter is not None:
        with plugins.get_plugin("capturemanager").global_and_fixture_disabled():
            reporter.write_line(f" {Count.sent} requests")


def served(environ: Any, start_response: Any) -> list[bytes]:
    """Sends the whole answer and closes it, as a server does and the tool's client does not."""
    Count.sent += 1
    answer = django(environ, start_response)
    try:
        return list(answer)
    finally:
        answer.close()


schema = schemathesis.openapi.from_wsgi("/api/schema/", served, config=config)


@schemathesis.check
def refusals_are_problems_that_name_the_field(_context: Any, response: Any, case: Any) -> None:
    """Every refusal is a problem document with a code; an invalid request says which field."""
    if response.status_code < 400:
        return
    problem = response.json()
    assert problem["status"] == response.status_code and problem["code"] and problem["detail"]
    assert problem["code"] != "internal_error"
    if problem["code"] == "invalid_request" and not problem.get("errors"):
        raise AssertionError(f"which field? {problem}")


@pytest.fixture
def world(db, sandbox, monkeypatch):
    """A mini-program, a code, a batch, and a key for them."""
    # hundreds of wrong keys are sent on purpose; that they are slowed down is tested elsewhere
    monkeypatch.setattr("apps.clients.rate_limits.WRONG_KEYS", 1_000_000)
    shop = make_miniprogram(sandbox, appid=APPID, default_page="pages/index/index")
    api = make_api()
    code = api.post("/api/v1/codes/", {"appid": shop.appid, "scene": "a=1", "external_id": "n1"}, "json").json()
    batch = api.post(
        "/api/v1/batches/", {"appid": shop.appid, "rows": [{"scene": "a=1"}, {"scene": "b"}]}, "json"
    ).json()
    CodeBatch.objects.get(pk=batch["id"]).items.filter(row=1).update(state="issued", code=IssuedCode.objects.get())
    # as Django's own test client does
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield {"key": api._credentials["HTTP_AUTHORIZATION"], "codes": code["id"], "batches": batch["id"]}
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def meet_what_exists(case: Any, world: Any) -> None:
    """Most cases would speak of things that do not exist, and end at 404: half of them meet one that does."""
    path = case.path_parameters or {}
    if re.fullmatch(r"[0-9]*[02468]", str(path.get("id", ""))):
        path["id"] = str(world["batches" if "/batches/" in case.path else "codes"])
    if isinstance(path.get("appid"), str) and len(path["appid"]) % 2 and path["appid"].isalnum():
        path["appid"] = APPID
    if isinstance(case.body, dict) and isinstance(case.body.get("appid"), str) and 0 < len(case.body["appid"]) <= 64:
        case.body["appid"] = APPID


@schema.parametrize()
@seed(SEED)
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_schema_says(case: Any, world: Any) -> None:
    query = (case.query or {}).values()
    # an empty value counts as left out (allowEmptyValue), which the checks do not know
    assume("" not in query)
    # the tool's WSGI client sends an object, or a list of one, as one plain text, which is no violation any more
    assume(not any(isinstance(value, dict) or (isinstance(value, list) and len(value) == 1) for value in query))
    meet_what_exists(case, world)
    case.call_and_validate(headers={"Authorization": world["key"]})
