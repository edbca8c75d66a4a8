"""The health of many tokens at once: every state, in a fixed number of round trips, also without Redis."""

import time

import pytest

from apps.coordination.counting import flush_counters
from apps.miniprograms.models import MiniProgram
from apps.tokens.health import TokenState, find_health
from apps.tokens.overview import Urgency, find_overviews, sort_by_urgency
from apps.tokens.quota import count_fetch
from apps.tokens.services import get_access_token
from apps.wechat.errors import CredentialProblem, WeChatBusy
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="client:shop")


def health(miniprogram):
    return find_health([miniprogram])[miniprogram.appid]


def urgency(miniprogram):
    (overview,) = find_overviews([miniprogram])
    return overview.urgency


def calls(redis_client):
    found = redis_client.info("commandstats").items()
    return {name: each["calls"] for name, each in found if name not in ("cmdstat_info", "cmdstat_config|resetstat")}


def test_a_new_mini_program_has_no_token_yet(sandbox):
    miniprogram = make_miniprogram(sandbox)
    assert (health(miniprogram).state, health(miniprogram).expires_in) == (TokenState.MISSING, None)
    assert urgency(miniprogram) is Urgency.WAITING


def test_a_fresh_token_shows_its_time_left_and_its_next_refresh(sandbox, clock):
    clock.stop()
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    found = health(miniprogram)
    assert found.state is TokenState.FRESH
    assert 7190 <= found.expires_in <= 7200
    assert 0 < found.due_at - time.time() < 7200
    assert urgency(miniprogram) is Urgency.WELL


def test_a_token_that_ended_is_no_token(sandbox, clock):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    clock.advance(7195)
    assert health(miniprogram).state is TokenState.MISSING


def test_credential_trouble_is_broken_even_while_a_token_lives(sandbox, clock):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    clock.advance(7195)
    sandbox.fault("wrong_secret")
    with pytest.raises(CredentialProblem):
        get(miniprogram)
    assert health(miniprogram).state is TokenState.TROUBLE
    assert health(miniprogram).trouble.errcode == 40125
    assert urgency(miniprogram) is Urgency.BROKEN


def test_a_busy_wechat_is_failing_not_broken(sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("busy")
    with pytest.raises(WeChatBusy):
        get(miniprogram)
    assert urgency(miniprogram) is Urgency.FAILING


def test_paused_and_switched_off(sandbox):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    miniprogram.is_refresh_paused = True
    assert (health(miniprogram).state, urgency(miniprogram)) == (TokenState.PAUSED, Urgency.PAUSED)
    assert health(miniprogram).expires_in > 7000
    miniprogram.is_active = False
    assert (health(miniprogram).state, urgency(miniprogram)) == (TokenState.INACTIVE, Urgency.OFF)


def test_half_of_the_quota_is_a_warning(sandbox, redis_client):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    get(miniprogram)
    for _ in range(1000):
        count_fetch(miniprogram.appid, token_mode="classic", now=time.time())
    assert urgency(miniprogram) is Urgency.WARNING


def test_without_redis_everything_is_unknown(sandbox, dead_redis):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    dead_redis()
    (overview,) = find_overviews([miniprogram])
    assert overview.health.state is TokenState.UNKNOWN
    assert (overview.use, overview.code_calls, overview.urgency) == (None, None, Urgency.UNKNOWN)


def test_the_last_refresh_and_who_asked_for_it(sandbox):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    (overview,) = find_overviews([miniprogram])
    assert overview.last_refresh.requested_by == "client:shop"


def test_many_cost_as_many_queries_and_round_trips_as_one(sandbox, redis_client, django_assert_num_queries):
    miniprograms = [make_miniprogram(sandbox, token_mode="classic") for _ in range(12)]
    for miniprogram in miniprograms:
        get(miniprogram)
    # what the fetches counted must not be sent in the middle of it
    flush_counters()
    counts = []
    for wanted in (miniprograms[:1], miniprograms):
        redis_client.config_resetstat()
        with django_assert_num_queries(3):
            find_overviews(wanted)
        made = calls(redis_client)
        # one MGET for troubles and one for code calls, one ZMSCORE, one EVAL; the pipelines are one round trip each
        counts.append({name: made[name] for name in ("cmdstat_mget", "cmdstat_zmscore", "cmdstat_eval")})
        # and one SMEMBERS for endpoints that are left alone; the script's own TIME is counted, too
        assert sum(made.values()) == 6 + 3 * len(wanted)
    assert counts[0] == counts[1]


def test_nothing_to_show_needs_no_redis(dead_redis):
    dead_redis()
    assert find_overviews([]) == []


def test_trouble_is_sorted_first_and_the_switched_off_last(sandbox):
    off = make_miniprogram(sandbox, name="Alpha")
    off.is_active = False
    well, broken = make_miniprogram(sandbox, name="Beta"), make_miniprogram(sandbox, name="Gamma")
    get(well)
    sandbox.fault("wrong_secret", appid=broken.appid)
    with pytest.raises(CredentialProblem):
        get(broken)
    ordered = [each.miniprogram for each in sort_by_urgency(find_overviews([off, well, broken]))]
    assert ordered == [broken, well, off]
    assert MiniProgram.objects.count() == 3
