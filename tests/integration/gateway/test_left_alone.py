"""The doors while WeChat is dead: each in its own shape, without a call."""

import pytest

from apps.coordination import circuit
from tests.integration.gateway.knocking import UNLIMITED, errcode

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(settings):
    settings.WECHAT_CIRCUIT_FAILURES = 3
    for memory in (circuit._open_until, circuit._failing, circuit._asked_at):
        memory.clear()


def test_wechats_own_path_says_system_error_and_calls_nobody(sandbox, door):
    token = door.token()
    sandbox.fault("http_502", endpoint="/wxa/getwxacodeunlimit")
    for number in range(3):
        assert errcode(door.ask_code(UNLIMITED, token, {"scene": f"a{number}"})) == -1
    before = sandbox.count("/wxa/getwxacodeunlimit")
    answer = door.ask_code(UNLIMITED, token, {"scene": "b"})
    assert errcode(answer) == -1 and "several times in a row" in answer.json()["errmsg"]
    assert sandbox.count("/wxa/getwxacodeunlimit") == before
