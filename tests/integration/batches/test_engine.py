"""The engine: every row ends, no code twice, and whatever refuses makes the batch wait and go on by itself."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.batches import claims, engine, services, verdicts
from apps.batches.models import BatchItem, BatchRun, BatchState, CodeBatch, ItemState
from apps.batches.orders import Outcome, new_order
from apps.batches.runner import Run
from apps.codes.models import FailedAttempt, IssuedCode
from apps.codes.pictures import read_image
from apps.codes.requests import code_request
from apps.codes.services import issue_code
from apps.wechat.errors import WeChatUnreachable
from tests.integration.batches.conftest import scenes, source_of
from tests.parts import ISSUER, make_miniprogram
from tests.waiting import wait_until

CODE = "/wxa/getwxacodeunlimit"
pytestmark = pytest.mark.django_db(transaction=True)
# what claims rows, holds leases and writes many rows at once
both_databases = pytest.mark.both_databases


def start(batch):
    engine.ensure_run(batch.miniprogram_id)


def finish(batch):
    engine.wait_for_runs(60)
    batch.refresh_from_db()
    return batch


def state_of(batch):
    batch.refresh_from_db()
    return batch.state


def issued_of(batch):
    return CodeBatch.objects.get(pk=batch.pk).issued


@both_databases
def test_every_row_becomes_a_code_with_its_picture_and_story(sandbox, make_batch, work):
    batch = work(make_batch(120, defaults={"tags": ("hall",)}))
    assert (batch.state, batch.issued, batch.reused, batch.failed, batch.waiting) == (BatchState.DONE, 120, 0, 0, 0)
    assert batch.started_at <= batch.finished_at
    assert sandbox.count(CODE) == 120
    item = batch.items.select_related("code").last()
    assert (item.state, item.code.scene, item.code.label, item.code.issued_by) == (
        ItemState.ISSUED,
        "t=120",
        "Table 120",
        ISSUER.label,
    )
    assert [tag.name for tag in item.code.tags.all()] == ["hall"]
    assert read_image(item.code).startswith(b"\xff\xd8\xff")
    assert IssuedCode.objects.count() == 120


@both_databases
def test_codes_that_exist_cost_nothing_and_twins_cost_one(sandbox, miniprogram, make_batch, work):
    issue_code(miniprogram=miniprogram, request=code_request(miniprogram, scene="t=1"), issuer=ISSUER)
    batch = work(make_batch(*scenes(2), {"scene": "t=2", "label": "twin"}, {"scene": "t=2"}))
    assert (batch.issued, batch.reused) == (4, 3)
    assert sandbox.count(CODE) == 2
    assert len({item.code_id for item in batch.items.filter(scene="t=2")}) == 1


def test_a_refused_row_fails_with_errcode_rid_and_cure_and_the_others_go_on(sandbox, make_batch, work):
    batch = work(make_batch(*scenes(5), {"scene": "t=9", "page": "pages/gone"}))
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 5, 1)
    item = batch.items.get(state=ItemState.FAILED)
    assert (item.row, item.error, item.errcode) == (6, "wechat_rejected_input", 41030)
    assert item.rid and item.advice
    assert FailedAttempt.objects.get().scene == "t=9"


@both_databases
def test_failed_rows_can_be_asked_for_again(sandbox, miniprogram, make_batch, work):
    batch = work(make_batch({"scene": "t=9", "page": "pages/new"}))
    assert batch.failed == 1
    sandbox.register(miniprogram.appid, read_secret(miniprogram), released_pages=["pages/new"])
    assert services.retry_failed(batch) == 1
    batch = work(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 1, 0)
    assert batch.items.get().errcode is None


def read_secret(miniprogram):
    from apps.miniprograms.secrets import resolve_secret

    return resolve_secret(miniprogram)


@pytest.mark.parametrize("fault", ["truncated_picture", "reset", "http_500", "busy", "invalid_token"])
def test_passing_trouble_of_single_calls_costs_no_row(sandbox, make_batch, monkeypatch, work, fault):
    monkeypatch.setattr(verdicts, "LONGEST_PAUSE", 0.02)
    batch = make_batch(30)
    sandbox.fault(fault, endpoint=CODE, times=3)
    batch = work(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 30, 0)


def test_wrong_credentials_hold_the_batch_and_say_why(sandbox, miniprogram, make_batch, work):
    secret = read_secret(miniprogram)
    sandbox.register(miniprogram.appid, "another secret")
    batch = make_batch(10)
    start(batch)
    wait_until(lambda: state_of(batch) == BatchState.HELD)
    assert (batch.hold_code, batch.hold_errcode) == ("wechat_refused_credentials", 40125)
    assert "AppSecret" in batch.hold_advice
    assert batch.resume_at > timezone.now()
    assert sandbox.count(CODE) == 0
    sandbox.register(miniprogram.appid, secret)
    miniprogram.save()
    services.resume_batch(batch)
    batch = finish(batch)
    assert (batch.state, batch.issued, batch.hold_code) == (BatchState.DONE, 10, "")


def test_a_held_batch_goes_on_by_itself(sandbox, make_batch, clock, work):
    batch = make_batch(10)
    sandbox.fault("errcode", endpoint=CODE, errcode=48001)
    start(batch)
    wait_until(lambda: state_of(batch) == BatchState.HELD)
    sandbox.clear_faults()
    clock.advance((batch.resume_at - timezone.now()).total_seconds())
    batch = finish(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 10, 0)
    assert sandbox.count(CODE) == 11


@both_databases
def test_a_pause_that_a_wrong_clock_began_is_over(sandbox, make_batch, work):
    batch = make_batch(10)
    sandbox.fault("errcode", endpoint=CODE, errcode=48001)
    start(batch)
    wait_until(lambda: state_of(batch) == BatchState.HELD)
    sandbox.clear_faults()
    # as a run has it whose clock was three hours ahead when the call failed
    CodeBatch.objects.filter(pk=batch.pk).update(resume_at=batch.resume_at + timedelta(hours=3))
    batch = finish(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 10, 0)


@both_databases
def test_only_a_pause_that_can_be_true_keeps_the_sweep_away(make_batch, miniprogram):
    make_batch(1)
    for ahead, found in ((verdicts.LONGEST_PAUSE, []), (3 * 3600, [miniprogram.pk])):
        CodeBatch.objects.update(state=BatchState.HELD, resume_at=timezone.now() + timedelta(seconds=ahead))
        assert services.sweep() == found


def test_wechats_minute_quota_is_waited_for(sandbox, make_batch, clock, work):
    batch = make_batch(10)
    sandbox.fault("minute_quota", endpoint=CODE, times=1)
    start(batch)
    wait_until(lambda: state_of(batch) == BatchState.HELD)
    assert (batch.hold_code, batch.hold_errcode) == ("wechat_busy", 45011)
    clock.advance(60)
    batch = finish(batch)
    assert (batch.issued, batch.failed) == (10, 0)


def test_an_outage_of_wechat_is_waited_out_with_single_probes(sandbox, make_batch, monkeypatch, clock, work):
    # so long that it does not end by itself while the test looks
    monkeypatch.setattr(verdicts, "PASSING_PAUSE", (60.0, 60.0))
    batch = make_batch(40)
    sandbox.fault("http_500", endpoint=CODE)
    start(batch)
    wait_until(lambda: state_of(batch) == BatchState.HELD)
    # calls that were under way when it was held end first
    wait_until(lambda: not batch.items.filter(state=ItemState.ASKING).exists())
    calls = sandbox.count(CODE)
    for probe in (1, 2):
        clock.advance(60)
        wait_until(lambda probe=probe: sandbox.count(CODE) == calls + probe)
        wait_until(lambda: state_of(batch) == BatchState.HELD and batch.resume_at > timezone.now())
    assert sandbox.count(CODE) == calls + 2
    sandbox.clear_faults()
    clock.advance(60)
    batch = finish(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 40, 0)


def test_a_failed_call_keeps_its_place_until_it_is_judged(make_batch, miniprogram, monkeypatch):
    """Or a second probe would go while the clerk has not yet held the batch."""
    monkeypatch.setattr(verdicts, "PASSING_PAUSE", (60.0, 60.0))
    batch = make_batch(1)
    run, order = Run(miniprogram, owner="me"), new_order(batch.items.get(), batch)
    asked = Future()
    asked.set_result(Outcome(order, error=WeChatUnreachable("gone")))
    run._pacer._in_flight = 1
    run._land(order, asked)
    assert (run._pacer.in_flight, run._pacer.is_held) == (1, False)
    run._collect()
    assert (run._pacer.in_flight, run._pacer.is_held) == (0, True)


def test_many_refusals_in_a_row_wait_for_a_person(sandbox, make_batch, work):
    batch = work(make_batch(*[row | {"page": "pages/gone"} for row in scenes(300)]))
    assert (batch.state, batch.hold_errcode, batch.resume_at) == (BatchState.HELD, 41030, None)
    assert sandbox.count(CODE) < 200
    assert batch.waiting > 100
    assert batch.items.filter(state=ItemState.ASKING).count() == 0


def test_a_batch_of_which_every_row_was_refused_has_ended(make_batch, work):
    """With those under way the fiftieth refusal was the last row: nobody has anything to resume."""
    batch = work(make_batch(*[row | {"page": "pages/gone"} for row in scenes(50)]))
    assert (batch.state, batch.issued, batch.failed, batch.waiting) == (BatchState.DONE, 0, 50, 0)
    assert (batch.hold_errcode, batch.hold_detail) == (None, "")
    assert batch.finished_at


def test_pause_resume_and_cancel(sandbox, make_batch, work, six_seats):
    # ten seconds and more, so that it is never over before it is paused
    sandbox.latency(0.2, endpoint=CODE)
    batch = make_batch(300)
    start(batch)
    wait_until(lambda: issued_of(batch) > 5)
    services.pause_batch(batch)
    batch = finish(batch)
    assert batch.state == BatchState.PAUSED
    assert 5 < batch.issued < 300
    assert batch.items.filter(state=ItemState.ASKING).count() == 0
    assert sandbox.count(CODE) == batch.issued
    services.resume_batch(batch)
    start(batch)
    wait_until(lambda: issued_of(batch) > batch.issued)
    services.cancel_batch(batch)
    batch = finish(batch)
    assert batch.state == BatchState.CANCELLED
    states = set(batch.items.values_list("state", flat=True))
    assert states == {ItemState.ISSUED, ItemState.CANCELLED}


def test_a_small_batch_does_not_wait_for_a_large_one(sandbox, make_batch, work):
    large = make_batch(400)
    start(large)
    wait_until(lambda: issued_of(large) > 20)
    small = make_batch(*scenes(20, first=9000))
    wait_until(lambda: state_of(small) == BatchState.DONE)
    assert state_of(large) == BatchState.RUNNING
    services.cancel_batch(large)


@both_databases
def test_an_answer_that_comes_too_late_is_not_counted_twice(sandbox, make_batch, work):
    """A run that lost its lease writes its codes, but the rows belong to the run that took over."""
    sandbox.latency(0.3, endpoint=CODE)
    batch = make_batch(60)
    start(batch)
    wait_until(lambda: sandbox.count(CODE) > 10)
    BatchRun.objects.update(owner="somebody else")
    engine.wait_for_runs(60)
    BatchRun.objects.update(lease_until=timezone.now())
    batch = work(batch)
    assert (batch.state, batch.issued, IssuedCode.objects.count()) == (BatchState.DONE, 60, 60)
    assert batch.items.filter(state=ItemState.ISSUED).count() == 60


@both_databases
def test_a_lease_is_held_by_one():
    miniprogram = make_miniprogram()

    def take(number):
        from django.db import connection

        try:
            return claims.take_lease(miniprogram.pk, owner=f"run{number}", process="here")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1


@both_databases
def test_a_lease_from_a_clock_that_was_wrong_keeps_nobody_away(make_batch, miniprogram):
    batch = make_batch(1)
    assert claims.take_lease(miniprogram.pk, owner="one", process="here")
    now = timezone.now()
    BatchRun.objects.update(lease_until=now + timedelta(hours=3))
    assert list(CodeBatch.objects.unattended(now)) == [batch]
    assert claims.take_lease(miniprogram.pk, owner="two", process="there")
    assert not claims.renew_lease(miniprogram.pk, owner="one")
    assert list(CodeBatch.objects.unattended(timezone.now())) == []


@both_databases
def test_a_limited_row_whose_run_died_is_asked_again_only_on_a_persons_word(sandbox, make_batch, work):
    batch = make_batch(
        {"page": "pages/index/index?t=1"}, {"page": "pages/index/index?t=2"}, defaults={"kind": "limited"}
    )
    lost = batch.items.first()
    BatchItem.objects.filter(pk=lost.pk).update(state=ItemState.ASKING, claim="a dead run")
    batch = work(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 1, 1)
    lost.refresh_from_db()
    assert lost.error == "wechat_answer_lost"
    assert services.retry_failed(batch) == 0
    assert services.retry_failed(batch, include_lost=True) == 1
    batch = work(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 2, 0)


@both_databases
def test_an_unlimited_row_whose_run_died_is_asked_again(sandbox, make_batch, work):
    batch = make_batch(3)
    BatchItem.objects.filter(batch=batch, scene="t=2").update(state=ItemState.ASKING, claim="a dead run")
    batch = work(batch)
    assert (batch.state, batch.issued) == (BatchState.DONE, 3)


@both_databases
def test_the_sweep_finds_what_nobody_attends_to(make_batch, miniprogram):
    batch = make_batch(3)
    assert services.sweep() == [miniprogram.pk]
    claims.take_lease(miniprogram.pk, owner="me", process="here")
    assert services.sweep() == []
    claims.end_lease(miniprogram.pk, owner="me")
    services.pause_batch(batch)
    assert services.sweep() == []


def test_a_mini_program_that_is_switched_off_stops_its_batch(sandbox, miniprogram, make_batch, work, six_seats):
    # ten seconds and more, so that it is never over before
    sandbox.latency(0.2, endpoint=CODE)
    batch = make_batch(300)
    start(batch)
    wait_until(lambda: issued_of(batch) > 5)
    miniprogram.is_active = False
    miniprogram.save()
    wait_until(lambda: state_of(batch) == BatchState.HELD)
    assert batch.hold_code == "miniprogram_inactive"
    services.cancel_batch(batch)


def test_redis_may_forget_everything_in_the_middle(sandbox, make_batch, work, redis_client):
    sandbox.latency(0.2, endpoint=CODE)
    batch = make_batch(120)
    start(batch)
    wait_until(lambda: issued_of(batch) > 20)
    redis_client.flushall()
    batch = finish(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 120, 0)
    assert sandbox.count(CODE, successful=True) == 120


def test_columns_from_different_sources_do_not_mix(make_batch):
    batch = make_batch(source=source_of({"scene": "a", "seat": "1"}, {"scene": "b", "row": "2"}))
    assert batch.columns == ["seat", "row"]


@both_databases
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections to drop")
def test_the_database_may_drop_every_connection_in_the_middle(sandbox, make_batch, work):
    sandbox.latency(0.2, endpoint=CODE)
    batch = make_batch(150)
    start(batch)
    drop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    for goal in (20, 60, 100):
        wait_until(lambda goal=goal: issued_of(batch) > goal)
        with connection.cursor() as cursor:
            cursor.execute(drop, [connection.settings_dict["NAME"]])
    batch = finish(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 150, 0)
    assert IssuedCode.objects.count() == 150
    assert sandbox.count(CODE) == 150


@both_databases
def test_rows_that_could_not_be_given_back_are_asked_for_later(sandbox, make_batch, work, six_seats, monkeypatch):
    """The database is away at the moment when a person pauses one of two batches."""
    # so long that most rows are still waiting then
    sandbox.latency(1, endpoint=CODE)
    paused, other = make_batch(80), make_batch(*scenes(80, first=81))
    start(paused)
    wait_until(lambda: sandbox.count(CODE))
    release_rows, refused = claims.release_rows, []

    def refuse_once(item_ids, *, owner):
        if item_ids and not refused:
            refused.extend(item_ids)
            raise OperationalError("gone away")
        release_rows(item_ids, owner=owner)

    monkeypatch.setattr(claims, "release_rows", refuse_once)
    services.pause_batch(paused)
    wait_until(lambda: refused)
    sandbox.latency(0, endpoint=CODE)
    services.resume_batch(paused)
    assert [(finish(batch).state, batch.issued) for batch in (paused, other)] == [(BatchState.DONE, 80)] * 2


@both_databases
@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL's connections come from a pool")
def test_a_run_that_waits_keeps_no_connection_from_others(sandbox, make_batch):
    sandbox.latency(1.5, endpoint=CODE)
    batch = make_batch(2)
    start(batch)
    wait_until(lambda: batch.items.filter(state=ItemState.ASKING).count() == 2)

    def are_all_free_while_it_waits():
        # this test's own goes back as well
        connection.close()
        pool = connection.pool.get_stats()
        are_free = pool["pool_available"] == pool["pool_size"]
        return are_free and batch.items.filter(state=ItemState.ASKING).count() == 2

    wait_until(are_all_free_while_it_waits)
    assert finish(batch).state == BatchState.DONE
