"""The current token: fetched once, served to all, replaced only when it is the one that was rejected."""

import time

import pytest

from apps.errors import WxcodeError
from apps.tokens import store, trouble
from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.refreshing import MiniProgramInactive
from apps.tokens.services import get_access_token, refresh_token, replace_rejected_token
from apps.wechat.errors import CredentialProblem, TokenRejected, WeChatBusy
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db

TOKEN, STABLE = "/cgi-bin/token", "/cgi-bin/stable_token"


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="test")


def replace(miniprogram, rejected):
    return replace_rejected_token(miniprogram, rejected=rejected, requested_by="test")


@pytest.mark.parametrize(("mode", "endpoint"), [("stable", STABLE), ("classic", TOKEN)])
def test_a_missing_token_is_fetched_once_by_the_endpoint_of_its_mode(sandbox, mode, endpoint):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    assert get(miniprogram).value == get(miniprogram).value
    assert sandbox.count(endpoint) == 1


def test_expires_in_is_what_truly_remains(sandbox):
    token = get(make_miniprogram(sandbox))
    assert 7100 < token.expires_in(time.time()) <= 7200
    assert token.expires_in(time.time() + 7000) <= 200


def test_a_rejected_current_token_is_replaced(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    new = replace(miniprogram, old.value)
    assert new.value != old.value
    assert get(miniprogram).value == new.value


def test_a_rejected_token_that_is_not_current_fetches_nothing(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    new = replace(miniprogram, old.value)
    assert replace(miniprogram, old.value).value == new.value
    assert replace(miniprogram, "a token from long ago").value == new.value
    assert sandbox.count(TOKEN) == 2


def test_a_rejected_token_never_comes_back_as_the_previous_one(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    replace(miniprogram, old.value)
    assert store.find_record(miniprogram.appid).previous_value == ""


def test_a_stable_token_is_forced_only_when_normal_mode_repeats_the_rejected_one(sandbox):
    miniprogram = make_miniprogram(sandbox)
    old = get(miniprogram)
    new = replace(miniprogram, old.value)
    assert new.value != old.value
    event = TokenEvent.objects.first()
    assert TokenEvent.objects.filter(is_forced=True).count() == 1
    assert event is not None and event.trigger == Trigger.REJECTED


def test_a_stable_token_that_was_stolen_is_replaced_in_normal_mode(sandbox):
    miniprogram = make_miniprogram(sandbox)
    old = get(miniprogram)
    sandbox.steal(miniprogram.appid, "stable")
    replace(miniprogram, old.value)
    assert not TokenEvent.objects.filter(is_forced=True).exists()


def test_rejections_in_a_row_do_not_burn_the_quota(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    token = replace(miniprogram, get(miniprogram).value)
    for _ in range(20):
        with pytest.raises(TokenRejected) as refused:
            replace(miniprogram, token.value)
    assert refused.value.retry_after
    assert sandbox.count(TOKEN) == 2


def test_the_previous_token_is_kept_for_its_window(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test")
    record = store.find_record(miniprogram.appid)
    assert record.is_previous(old.value, time.time())
    assert not record.is_previous(old.value, time.time() + 241)


def test_a_slow_older_answer_never_replaces_a_newer_token():
    appid = "wx0000000000000001"
    now = time.time()
    write = {"source": "classic", "now": now, "expires_at": now + 7200, "is_old_rejected": False}
    assert store.write_record(appid, value="first", seen_version=0, **write)
    seen = store.find_record(appid).version
    assert store.write_record(appid, value="newer", seen_version=seen, **write)
    assert not store.write_record(appid, value="slow and older", seen_version=seen, **write)
    assert store.find_record(appid).value == "newer"


def test_versions_only_grow_even_after_a_flush(redis_client, clock):
    appid, versions = "wx0000000000000001", []
    for number in range(6):
        if number == 3:
            redis_client.flushall()
        record = store.find_record(appid)
        now = time.time()
        store.write_record(
            appid,
            value=f"token {number}",
            expires_at=now + 7200,
            source="stable",
            now=now,
            seen_version=record.version if record else 0,
            is_old_rejected=False,
        )
        versions.append(store.find_record(appid).version)
        clock.advance(0.002)
    assert versions == sorted(set(versions))


def test_a_wrong_secret_is_asked_about_once_and_then_remembered(sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.register(miniprogram.appid, "another secret")
    with pytest.raises(CredentialProblem) as first:
        get(miniprogram)
    for _ in range(10):
        with pytest.raises(WxcodeError) as again:
            get(miniprogram)
        assert again.value.as_problem()["errcode"] == 40125
    assert first.value.errcode == 40125
    assert again.value.retry_after > 500
    assert sandbox.count(STABLE) == 1


def test_saving_the_mended_mini_program_ends_the_pause(sandbox):
    miniprogram = make_miniprogram(sandbox, secret="the secret")
    sandbox.register(miniprogram.appid, "another secret")
    with pytest.raises(CredentialProblem):
        get(miniprogram)
    sandbox.register(miniprogram.appid, "the secret")
    miniprogram.save()
    assert get(miniprogram).value


def test_failures_in_a_row_lengthen_the_pause(sandbox):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("ip_not_allowed")
    pauses = []
    for _ in range(3):
        with pytest.raises(CredentialProblem):
            refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test")
        known = trouble.find_trouble(miniprogram.appid)
        pauses.append(round(known.until - known.at))
    assert pauses == [120, 240, 480]


def test_an_inactive_mini_program_fetches_nothing(sandbox):
    miniprogram = make_miniprogram(sandbox)
    miniprogram.is_active = False
    with pytest.raises(MiniProgramInactive):
        get(miniprogram)
    assert sandbox.count(STABLE) == 0


def test_trouble_does_not_stop_a_token_that_still_lives(sandbox):
    miniprogram = make_miniprogram(sandbox)
    token = get(miniprogram)
    sandbox.fault("ip_not_allowed")
    with pytest.raises(CredentialProblem):
        refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test")
    assert get(miniprogram).value == token.value


def test_two_mini_programs_never_share_anything(sandbox):
    one, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    assert get(one).value != get(other).value


def test_every_refresh_leaves_an_event(sandbox):
    miniprogram = make_miniprogram(sandbox)
    get(miniprogram)
    refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="schedule")
    sandbox.fault("busy")
    with pytest.raises(WeChatBusy):
        refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="staff:anna")
    events = list(TokenEvent.objects.values_list("outcome", "trigger", "requested_by", "errcode"))
    assert events == [
        (Outcome.FAILED, Trigger.OPERATOR, "staff:anna", -1),
        (Outcome.UNCHANGED, Trigger.SCHEDULE, "schedule", None),
        (Outcome.REFRESHED, Trigger.MISSING, "test", None),
    ]
