"""Refreshing ahead: only those that are due, each once, whatever happens to the others."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from apps.coordination.connection import CoordinationUnavailable
from apps.miniprograms.models import MiniProgram
from apps.tokens import heartbeat, store, trouble
from apps.tokens.models import Outcome, TokenEvent, Trigger
from apps.tokens.schedule import refresh_due_tokens
from apps.tokens.services import get_access_token, refresh_token
from apps.wechat.connection import wechat_client
from apps.wechat.errors import WeChatBusy
from tests.parts import make_miniprogram, new_appid
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
STABLE, TOKEN = "/cgi-bin/stable_token", "/cgi-bin/token"


def get(miniprogram):
    return get_access_token(miniprogram, requested_by="test")


def due_in(miniprogram):
    return store.find_due_at([miniprogram.appid])[miniprogram.appid] - time.time()


def run_in_thread():
    try:
        return refresh_due_tokens()
    finally:
        connection.close()


def test_a_new_mini_program_is_fetched_for_and_planned_ahead(sandbox, clock):
    clock.stop()
    stable, classic = make_miniprogram(sandbox), make_miniprogram(sandbox, token_mode="classic")
    report = refresh_due_tokens()
    assert (report.refreshed, report.failed) == (2, 0)
    assert 7200 - 300 < due_in(stable) < 7200 - 200
    assert 3600 - 301 < due_in(classic) <= 3600


def test_those_that_are_not_due_are_not_touched(sandbox):
    make_miniprogram(sandbox)
    refresh_due_tokens()
    for _ in range(3):
        assert refresh_due_tokens().refreshed == 0
    assert sandbox.count(STABLE) == 1
    assert TokenEvent.objects.count() == 1


def test_a_stable_token_is_renewed_by_the_one_refresh_in_its_last_minutes(sandbox, clock):
    miniprogram = make_miniprogram(sandbox)
    old = get(miniprogram)
    for _ in range(6):
        clock.advance(1140)
        refresh_due_tokens()
    assert sandbox.count(STABLE) == 1
    for _ in range(5):
        clock.advance(60)
        refresh_due_tokens()
    assert sandbox.count(STABLE) == 2
    assert get(miniprogram).value != old.value
    assert TokenEvent.objects.first().outcome == Outcome.REFRESHED


def test_a_classic_token_is_replaced_hourly(sandbox, clock):
    make_miniprogram(sandbox, token_mode="classic")
    for _ in range(24):
        refresh_due_tokens()
        clock.advance(600)
    assert 4 <= sandbox.count(TOKEN) <= 5


@pytest.mark.both_databases
def test_two_runs_at_once_fetch_once_for_each(sandbox):
    miniprograms = [make_miniprogram(sandbox, token_mode="classic") for _ in range(12)]
    # so that they meet
    sandbox.latency(0.05)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: run_in_thread(), range(2)))
    assert sum(report.refreshed for report in reports) == 12
    assert [sandbox.count(TOKEN, appid=each.appid) for each in miniprograms] == [1] * 12


def test_a_claim_is_taken_by_one_and_ends_by_itself():
    now = time.time()
    store.set_due("wx0000000000000001", now - 1)
    assert set(store.claim_due(now=now, limit=10)) == {"wx0000000000000001"}
    assert not store.claim_due(now=now, limit=10)
    assert store.claim_due(now=now + store.CLAIM_SECONDS + 1, limit=10)


def test_a_flushed_redis_is_healed_by_the_next_run(sandbox, redis_client):
    miniprograms = [make_miniprogram(sandbox) for _ in range(3)]
    refresh_due_tokens()
    redis_client.flushall()
    assert refresh_due_tokens().refreshed == 3
    assert all(get(each).value for each in miniprograms)
    assert sandbox.count(STABLE) == 6


def test_as_many_strangers_as_are_missing_do_not_hide_it(sandbox):
    miniprogram = make_miniprogram(sandbox)
    store.forget_due(miniprogram.appid)
    store.set_due("wx00000000000gone", time.time() + 3600)
    assert refresh_due_tokens().refreshed == 1
    assert not store.find_due_at(["wx00000000000gone"])


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_refresh_paused": True}])
def test_those_switched_off_or_paused_are_skipped(sandbox, change):
    by_form, by_sql = make_miniprogram(sandbox), make_miniprogram(sandbox)
    for name, value in change.items():
        setattr(by_form, name, value)
    by_form.save()
    MiniProgram.objects.filter(pk=by_sql.pk).update(**change)
    assert refresh_due_tokens().refreshed == 0
    assert not sandbox.calls()["endpoints"]
    assert store.find_due_at([by_form.appid, by_sql.appid]) == {}


def test_one_that_fails_stops_no_other(sandbox):
    good = [make_miniprogram(sandbox) for _ in range(6)]
    refused, unreadable = make_miniprogram(sandbox), make_miniprogram(sandbox)
    MiniProgram.objects.filter(pk=unreadable.pk).update(secret_ref="env:WXCODE_TEST_NOBODY_SETS_THIS")
    sandbox.fault("wrong_secret", appid=refused.appid)
    report = refresh_due_tokens()
    assert (report.refreshed, report.failed) == (6, 2)
    assert all(get(each).value for each in good)


def test_one_that_fails_in_a_way_that_nobody_thought_of_stops_no_other(sandbox, caplog):
    broken = make_miniprogram(sandbox, name="AAA first in the list")
    good = [make_miniprogram(sandbox) for _ in range(6)]
    MiniProgram.objects.filter(pk=broken.pk).update(token_mode="from the future")
    report = refresh_due_tokens()
    assert (report.refreshed, report.failed) == (6, 1)
    assert all(store.find_record(each.appid) for each in good)
    assert f"the token of {broken.appid} could not be refreshed" in caplog.text


def test_one_in_trouble_is_left_alone_until_its_pause_ends(sandbox, clock):
    miniprogram = make_miniprogram(sandbox)
    sandbox.fault("ip_not_allowed")
    for _ in range(3):
        refresh_due_tokens()
    assert sandbox.count(STABLE) == 1
    assert 100 < due_in(miniprogram) <= 120
    sandbox.clear_faults()
    clock.advance(121)
    assert refresh_due_tokens().refreshed == 1
    assert trouble.find_trouble(miniprogram.appid) is None


def test_a_run_without_redis_says_so(sandbox, dead_redis):
    make_miniprogram(sandbox)
    dead_redis()
    with pytest.raises(CoordinationUnavailable):
        refresh_due_tokens()


def test_a_run_leaves_a_heartbeat(clock):
    assert heartbeat.find_beat_age(now=time.time()) is None
    clock.stop()
    refresh_due_tokens()
    clock.advance(7)
    assert heartbeat.find_beat_age(now=time.time()) == pytest.approx(7, abs=0.01)


# --- changing the mode -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [("stable", "classic"), ("classic", "stable")])
def test_a_new_mode_takes_effect_at_once(sandbox, old, new):
    miniprogram = make_miniprogram(sandbox, token_mode=old)
    before = get(miniprogram)
    miniprogram.token_mode = new
    miniprogram.save()
    assert refresh_due_tokens().refreshed == 1
    after = get(miniprogram)
    assert after.value != before.value
    assert store.find_record(miniprogram.appid).is_previous(before.value, time.time())
    assert sandbox.count(TOKEN) == sandbox.count(STABLE) == 1


def test_a_refresh_between_save_and_commit_does_not_undo_the_change(sandbox):
    miniprogram = make_miniprogram(sandbox)
    with transaction.atomic():
        miniprogram.save()
        # somebody who still saw the old values failed, and planned accordingly
        trouble.record_failure(miniprogram.appid, WeChatBusy("old values"), now=time.time())
        store.set_due(miniprogram.appid, time.time() + 3600)
    assert trouble.find_trouble(miniprogram.appid) is None
    assert due_in(miniprogram) <= 0


@pytest.mark.both_databases
def test_a_change_of_mode_loses_no_request(sandbox):
    appid = make_miniprogram(sandbox, appid=new_appid()).appid
    get(MiniProgram.objects.get(appid=appid))
    client, good, is_over = wechat_client(is_sandbox=True), [0] * 6, threading.Event()

    def read(reader):
        try:
            while not is_over.is_set():
                token = get(MiniProgram.objects.get(appid=appid))
                # every token that was handed out must be one that WeChat takes
                assert client.api_domain_ips(access_token=token.value)
                good[reader] += 1
        finally:
            connection.close()

    def each_has_read(times):
        wanted = [count + times for count in good]
        wait_until(lambda: any(each.done() for each in readers) or all(map(int.__ge__, good, wanted)), seconds=60)

    with ThreadPoolExecutor(6) as pool:
        readers = [pool.submit(read, number) for number in range(6)]
        for mode in ("classic", "stable", "classic", "stable"):
            each_has_read(2)
            miniprogram = MiniProgram.objects.get(appid=appid)
            miniprogram.token_mode = mode
            miniprogram.save()
            refresh_due_tokens()
        each_has_read(2)
        is_over.set()
        assert [reader.result() for reader in readers] == [None] * 6
    assert not TokenEvent.objects.filter(outcome__in=[Outcome.FAILED, Outcome.DIED_EARLY]).exists()


# --- manage.py refresh_tokens ------------------------------------------------------------------------------


def command(*words):
    out = io.StringIO()
    call_command("refresh_tokens", *words, stdout=out)
    return out.getvalue()


def test_the_command_refreshes_what_is_due_and_says_what_is_not(sandbox):
    one, other = make_miniprogram(sandbox), make_miniprogram(sandbox)
    refresh_token(other, trigger=Trigger.OPERATOR, requested_by="test")
    lines = command().splitlines()
    assert sorted(lines) == sorted([f"{one.appid} has a token for 7199 s", f"{other.appid} is not due"])
    assert TokenEvent.objects.first().requested_by == "command line"


def test_the_command_forces_one(sandbox):
    one, other = make_miniprogram(sandbox, token_mode="classic"), make_miniprogram(sandbox, token_mode="classic")
    refresh_due_tokens()
    assert one.appid in command("--appid", one.appid, "--force")
    assert (sandbox.count(TOKEN, appid=one.appid), sandbox.count(TOKEN, appid=other.appid)) == (2, 1)


def test_the_command_goes_on_after_a_failure_and_ends_with_an_error(sandbox):
    bad, good = make_miniprogram(sandbox, name="A"), make_miniprogram(sandbox, name="B")
    sandbox.fault("wrong_secret", appid=bad.appid)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 could not be refreshed"):
        call_command("refresh_tokens", stdout=out)
    failed, refreshed = out.getvalue().splitlines()
    assert failed.startswith(f"{bad.appid} failed: ") and refreshed.startswith(f"{good.appid} has a token")


def test_the_command_does_not_know_a_stranger():
    with pytest.raises(CommandError, match="No active mini-program"):
        command("--appid", "wx0123456789abcdef")


def test_the_output_shows_no_token(sandbox):
    miniprogram = make_miniprogram(sandbox)
    assert get(miniprogram).value not in command("--force")
