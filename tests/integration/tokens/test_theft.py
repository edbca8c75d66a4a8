"""The thief detector: tokens knocked out by another system are told from wrong callers and from old tokens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.services import call_with_token, get_access_token, refresh_token, replace_rejected_token
from apps.tokens.theft import advice_for, find_thefts
from apps.wechat.connection import wechat_client
from apps.wechat.errors import TokenRejected
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="test")


def replace(miniprogram, rejected):
    return replace_rejected_token(miniprogram, rejected=rejected, requested_by="test")


def probe(access_token):
    return wechat_client(is_sandbox=True).api_domain_ips(access_token=access_token)


def call(miniprogram):
    return call_with_token(miniprogram, probe, acquire=lambda: None, requested_by="test")


def deaths():
    return TokenEvent.objects.filter(outcome=Outcome.DIED_EARLY)


def thefts(miniprogram):
    return find_thefts([miniprogram], since=timezone.now() - timedelta(days=1)).get(miniprogram.appid)


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_a_stolen_token_is_noted_and_the_call_still_succeeds(sandbox, clock, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    get(miniprogram)
    clock.advance(600)
    sandbox.steal(miniprogram.appid, mode)
    clock.advance(400)
    assert call(miniprogram)
    event = deaths().get()
    assert "rejected 100" in event.detail and event.requested_by == "test"


def test_a_token_pushed_out_by_two_fetches_in_a_row_is_noted_at_once(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    get(miniprogram)
    clock.advance(60)
    sandbox.steal(miniprogram.appid, "classic")
    sandbox.steal(miniprogram.appid, "classic")
    call(miniprogram)
    assert deaths().count() == 1


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_a_caller_who_is_wrong_about_a_good_token_is_no_thief(sandbox, clock, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    good = get(miniprogram)
    clock.advance(600)
    assert replace(miniprogram, good.value).value != good.value
    assert not deaths().exists()


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_an_api_that_rejects_every_token_is_no_thief(sandbox, clock, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    get(miniprogram)

    def forbidden(access_token):
        raise TokenRejected("40001", errcode=40001)

    for _ in range(4):
        clock.advance(700)
        with pytest.raises(TokenRejected):
            call_with_token(miniprogram, forbidden, acquire=lambda: None, requested_by="test")
    assert not deaths().exists()


def test_rejections_of_an_older_token_say_nothing(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    clock.advance(600)
    sandbox.steal(miniprogram.appid, "classic")
    sandbox.steal(miniprogram.appid, "classic")
    replace(miniprogram, old.value)
    for _ in range(5):
        replace(miniprogram, old.value)
    assert deaths().count() == 1


@pytest.mark.parametrize("mode", ["stable", "classic"])
def test_a_token_that_ended_in_time_is_not_noted(sandbox, clock, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    token = get(miniprogram)
    clock.advance(7000)
    replace(miniprogram, token.value)
    assert not deaths().exists()


def test_a_token_of_the_mode_before_says_nothing_about_this_one(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    token = get(miniprogram)
    clock.advance(600)
    miniprogram.token_mode = "stable"
    miniprogram.save()
    replace(miniprogram, token.value)
    assert not deaths().exists()


def test_a_refresh_that_no_rejection_asked_for_accuses_nobody(sandbox, clock):
    miniprogram = make_miniprogram(sandbox)
    token = get(miniprogram)
    clock.advance(600)
    # as when an operator resets the AppSecret in the console: another token, but nobody was refused
    sandbox.steal(miniprogram.appid, "stable")
    assert refresh_token(miniprogram, trigger=Trigger.OPERATOR, requested_by="test").value != token.value
    assert not deaths().exists()


def test_without_proof_nobody_is_accused(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    token = get(miniprogram)
    clock.advance(600)
    sandbox.steal(miniprogram.appid, "classic")
    sandbox.steal(miniprogram.appid, "classic")
    sandbox.fault("busy", endpoint="/cgi-bin/get_api_domain_ip")
    assert replace(miniprogram, token.value).value != token.value
    assert not deaths().exists()


def test_the_judgement_counts_and_knows_the_usual_life(sandbox, clock):
    robbed, safe = make_miniprogram(sandbox, token_mode="classic"), make_miniprogram(sandbox)
    get(robbed)
    get(safe)
    for _ in range(3):
        clock.advance(1200)
        sandbox.steal(robbed.appid, "classic")
        sandbox.steal(robbed.appid, "classic")
        call(robbed)
    judgement = thefts(robbed)
    assert judgement.count == 3
    assert 1190 < judgement.usual_life_seconds < 1260
    assert timezone.now() - judgement.last_at < timedelta(seconds=30)
    assert thefts(safe) is None


def test_old_thefts_are_forgotten(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    token = get(miniprogram)
    clock.advance(600)
    sandbox.steal(miniprogram.appid, "classic")
    sandbox.steal(miniprogram.appid, "classic")
    replace(miniprogram, token.value)
    assert thefts(miniprogram).count == 1
    clock.advance(86_400)
    assert thefts(miniprogram) is None


def test_many_mini_programs_are_judged_in_one_query(sandbox, django_assert_num_queries):
    miniprograms = [make_miniprogram() for _ in range(5)]
    with django_assert_num_queries(1):
        find_thefts(miniprograms, since=timezone.now())


def test_the_advice_fits_the_mode():
    assert "Switch the token mode to stable" in advice_for(make_miniprogram(token_mode="classic"))
    assert "force_refresh" in advice_for(make_miniprogram())
