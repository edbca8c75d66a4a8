"""The doors while WeChat is dead: each in its own shape, at once."""

import time

import pytest

from apps.coordination import circuit
from tests.integration.gateway.knocking import UNLIMITED, errcode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(settings):
    settings.WECHAT_CIRCUIT_FAILURES = 3
    circuit._open_until.clear()
    circuit._failing.clear()


def test_wechats_own_path_says_system_error_at_once(sandbox, door):
    token = door.token()
    sandbox.fault("http_502", endpoint="/wxa/getwxacodeunlimit")
    for number in range(3):
        assert errcode(door.ask_code(UNLIMITED, token, {"scene": f"a{number}"})) == -1
    before, started = sandbox.count("/wxa/getwxacodeunlimit"), time.perf_counter()
    answer = door.ask_code(UNLIMITED, token, {"scene": "b"})
    assert time.perf_counter() - started < 0.5
    assert errcode(answer) == -1 and "several times in a row" in answer.json()["errmsg"]
    assert sandbox.count("/wxa/getwxacodeunlimit") == before
