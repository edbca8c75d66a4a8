"""What is half done when a process dies or Redis goes is taken up again, and costs no second fetch."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram
from apps.tokens import local_memory, store, tasks, trouble
from apps.tokens.models import TokenEvent, Trigger
from apps.tokens.refreshing import fetch_and_store
from apps.tokens.schedule import refresh_due_tokens
from apps.tokens.services import get_access_token, refresh_token, replace_rejected_token
from apps.wechat import calls
from apps.wechat.errors import TokenRejected, WeChatBusy
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
TOKEN, STABLE = "/cgi-bin/token", "/cgi-bin/stable_token"
UNAVAILABLE = CoordinationUnavailable("Redis is away")


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="test")


def replace(miniprogram, rejected):
    return replace_rejected_token(miniprogram, rejected=rejected, requested_by="test")


def alone(miniprogram):
    return local_memory.token_without_redis(miniprogram, rejected=None, unavailable=UNAVAILABLE)


@pytest.fixture
def when_wechat_has_answered(monkeypatch):
    """`when_wechat_has_answered(act)`: `act()` once, between the answer to a call and what is made of it."""

    def plan(act: Callable[[], object]) -> None:
        def listen(_call: calls.Call) -> None:
            calls.listeners.remove(listen)
            act()

        monkeypatch.setattr(calls, "listeners", [*calls.listeners, listen])

    return plan


def outlast_trouble(miniprogram, clock):
    clock.advance(trouble.find_trouble(miniprogram.appid).until - time.time() + 0.1)


def test_a_rejected_token_whose_refresh_failed_may_be_refreshed_again(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    sandbox.fault("busy", endpoint=TOKEN, times=1)
    with pytest.raises(WeChatBusy):
        replace(miniprogram, old.value)
    outlast_trouble(miniprogram, clock)
    new = replace(miniprogram, old.value)
    assert new.value != old.value
    with pytest.raises(TokenRejected):
        replace(miniprogram, new.value)


def test_a_rejected_token_that_was_replaced_leaves_no_trouble_behind(sandbox, clock):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    old = get(miniprogram)
    sandbox.fault("busy", endpoint=TOKEN, times=1)
    with pytest.raises(WeChatBusy):
        refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="test")
    outlast_trouble(miniprogram, clock)
    replace(miniprogram, old.value)
    assert trouble.find_trouble(miniprogram.appid) is None


def test_a_token_fetched_while_redis_was_flushed_is_kept(sandbox, redis_client, when_wechat_has_answered):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    get(miniprogram)
    when_wechat_has_answered(redis_client.flushall)
    token = fetch_and_store(miniprogram, trigger=Trigger.OPERATOR, requested_by="test")
    assert store.find_record(miniprogram.appid).value == token.value


def test_a_due_token_that_was_refreshed_after_it_was_claimed_is_not_fetched_again(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    claimed_until = store.claim(miniprogram.appid, now=time.time())
    token = get(miniprogram)
    assert (
        refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="schedule", claimed_until=claimed_until).value
        == token.value
    )
    assert sandbox.count(TOKEN) == 1


def test_a_claimed_token_is_fetched_by_its_claimer(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    get(miniprogram)
    miniprogram.save()
    claimed_until = store.claim(miniprogram.appid, now=time.time())
    assert store.claim(miniprogram.appid, now=time.time()) is None
    refresh_token(miniprogram, trigger=Trigger.SCHEDULE, requested_by="schedule", claimed_until=claimed_until)
    assert sandbox.count(TOKEN) == 2


@pytest.mark.django_db(transaction=True)
def test_a_change_that_the_beat_has_already_followed_costs_nothing_more(sandbox):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    refresh_due_tokens()
    tasks.refresh_after_change(miniprogram.appid)
    assert sandbox.count(TOKEN) == 1
    miniprogram.save()
    tasks.refresh_after_change(miniprogram.appid)
    assert TokenEvent.objects.first().trigger == Trigger.OPERATOR


@pytest.mark.django_db(transaction=True)
def test_a_change_during_a_fetch_is_followed_by_one_more(sandbox, when_wechat_has_answered):
    miniprogram = make_miniprogram(sandbox, token_mode="classic")
    when_wechat_has_answered(MiniProgram.objects.get().save)
    get(miniprogram)
    tasks.refresh_after_change(miniprogram.appid)
    tasks.refresh_after_change(miniprogram.appid)
    assert sandbox.count(TOKEN) == 2


@pytest.mark.django_db(transaction=True)
def test_without_redis_nobody_waits_for_the_fetch_of_another_mini_program(
    sandbox, when_wechat_has_answered, monkeypatch
):
    slow, known = make_miniprogram(sandbox), make_miniprogram(sandbox)
    get(known)
    is_fetching, may_end = threading.Event(), threading.Event()

    def be_slow() -> None:
        is_fetching.set()
        assert may_end.wait(60)

    def fetch_slowly():
        try:
            return alone(slow)
        finally:
            connection.close()

    when_wechat_has_answered(be_slow)
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(fetch_slowly)
        assert is_fetching.wait(60)
        assert alone(known).value
        monkeypatch.setattr(local_memory, "OWN_FETCH_WAIT_SECONDS", 0.01)
        with pytest.raises(CoordinationUnavailable):
            alone(slow)
        may_end.set()
        assert fetching.result().value
    assert sandbox.count(STABLE, appid=slow.appid) == 1


def test_without_redis_nothing_is_fetched_for_a_paused_mini_program(sandbox):
    miniprogram = make_miniprogram(sandbox)
    miniprogram.is_refresh_paused = True
    with pytest.raises(CoordinationUnavailable):
        alone(miniprogram)
    assert sandbox.count(STABLE) == 0
