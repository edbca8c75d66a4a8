"""An endpoint that answers 40001 for ever: two calls a request, one refresh a token, and the quota is left alone."""

import pytest

from apps.miniprograms.models import TokenMode
from tests.drills.sizes import SIZES
from tests.drills.test_stampede import ENDPOINT
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "/wxa/getwxacodeunlimit"
CROWD, REQUESTS = SIZES.rejected, SIZES.rejected.callers
# the first token and its one replacement, which in stable mode takes asking normally and then by force
FETCHES = {TokenMode.CLASSIC: 2, TokenMode.STABLE: 3}

both_modes = pytest.mark.parametrize("mode", TokenMode.values)


@both_modes
def test_many_requests_at_once_burn_nothing(sandbox, fleet, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    sandbox.fault("invalid_token", endpoint=CODE)
    report = fleet("draw", [miniprogram], CROWD).run()
    measured(fetches=sandbox.count(ENDPOINT[mode]), code_calls=sandbox.count(CODE), **report.summary())
    assert report.outcomes == {"token_rejected": REQUESTS}
    assert {attempt.status for attempt in report} == {502}
    assert sandbox.count(CODE) <= 2 * REQUESTS
    assert sandbox.count(ENDPOINT[mode]) == FETCHES[mode]


@both_modes
def test_many_requests_one_after_the_other_burn_nothing(sandbox, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    sandbox.fault("invalid_token", endpoint=CODE)
    api = make_api()
    answers = [
        api.post("/api/v1/codes/", {"appid": miniprogram.appid, "scene": f"table={number}"}, format="json")
        for number in range(REQUESTS)
    ]
    measured(fetches=sandbox.count(ENDPOINT[mode]), code_calls=sandbox.count(CODE))
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(502, "token_rejected")}
    assert sandbox.count(CODE) == REQUESTS + 1
    assert sandbox.count(ENDPOINT[mode]) == FETCHES[mode]
