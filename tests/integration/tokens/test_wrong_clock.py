"""A clock that was wrong for a while leaves no token behind that seems to live longer than it does."""

import time

import pytest
import time_machine

from apps.tokens import local_memory
from apps.tokens.services import find_usable_token
from tests.parts import make_api, make_miniprogram

pytestmark = pytest.mark.django_db
HOURS = 3 * 3600


@pytest.mark.parametrize("mode", ["stable", "classic"])
@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_after_the_clock_is_right_again_expires_in_is_true(sandbox, mode, jump):
    miniprogram, api = make_miniprogram(sandbox, token_mode=mode), make_api()
    path = f"/api/v1/miniprograms/{miniprogram.appid}/access-token/"
    api.get(path)
    with time_machine.travel(time.time() + jump, tick=True):
        assert 0 < api.get(path).json()["expires_in"] <= 7200
    longest = 7200 if mode == "stable" else 3540
    assert longest - 100 < api.get(path).json()["expires_in"] <= longest


def test_clocks_may_differ_by_minutes(sandbox):
    miniprogram = make_miniprogram(sandbox)
    with time_machine.travel(time.time() + 240, tick=True):
        make_api().get(f"/api/v1/miniprograms/{miniprogram.appid}/access-token/")
    assert find_usable_token(miniprogram.appid) is not None


def test_what_a_process_remembers_is_doubted_too(sandbox):
    now = time.time()
    local_memory.remember("wx1", local_memory.UsableToken("t", now + HOURS, "stable", now))
    assert local_memory.recall("wx1", rejected=None, now=now) is None
    assert local_memory.recall("wx1", rejected=None, now=now + HOURS - 7000) is not None
    local_memory.forget("wx1")


def test_no_answer_promises_more_than_a_token_lives():
    now = time.time()
    token = local_memory.UsableToken("t", now + HOURS, "stable", now)
    assert (token.expires_in(now), token.expires_in(now + HOURS - 60)) == (7200, 60)
