"""Many identical requests at one moment, from several processes: one call to WeChat, one row."""

import pytest

from apps.codes.models import FailedAttempt, IssuedCode, LifetimePool
from tests.drills.sizes import SIZES
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = SIZES.identical
UNLIMITED, LIMITED, SQUARE = "/wxa/getwxacodeunlimit", "/wxa/getwxacode", "/cgi-bin/wxaapp/createwxaqrcode"


@pytest.mark.parametrize(
    ("action", "endpoint"), [("issue", UNLIMITED), ("issue_limited", LIMITED), ("issue_qrcode", SQUARE)]
)
def test_identical_requests_cost_one_call_and_make_one_row(sandbox, fleet, measured, action, endpoint):
    miniprogram = make_miniprogram(sandbox)
    sandbox.latency(SIZES.latency, endpoint=endpoint)
    report = fleet(action, [miniprogram], CROWD).run()
    measured(calls=sandbox.count(endpoint), **report.summary())
    assert report.outcomes == {"token": CROWD.callers}
    assert len(report.tokens(miniprogram.appid)) == 1
    assert sandbox.count(endpoint) == 1
    assert IssuedCode.objects.count() == 1
    assert not FailedAttempt.objects.exists()
    if endpoint != UNLIMITED:
        assert LifetimePool.objects.get().used == sandbox.app(miniprogram.appid)["limited_codes_used"] == 1


def test_requests_for_two_codes_cost_two_calls_and_make_two_rows(sandbox, fleet, measured):
    miniprogram = make_miniprogram(sandbox)
    sandbox.latency(SIZES.latency, endpoint=UNLIMITED)
    report = fleet("issue_one_of_two", [miniprogram], CROWD).run()
    measured(calls=sandbox.count(UNLIMITED), **report.summary())
    assert report.outcomes == {"token": CROWD.callers}
    assert len(report.tokens(miniprogram.appid)) == 2
    assert sandbox.count(UNLIMITED) == 2
    assert sorted(IssuedCode.objects.values_list("scene", flat=True)) == ["drill=0", "drill=1"]
