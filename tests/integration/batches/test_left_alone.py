"""Batches while WeChat is dead: they wait, no row is used up, no permit is spent, and they go on by themselves."""

import pytest

from apps.batches import engine
from apps.batches.models import BatchState
from apps.coordination import circuit
from apps.coordination.rate_limit import count_permits_this_minute
from apps.tokens.outgoing import client_for
from apps.tokens.quota import code_permit_pool
from apps.tokens.services import get_access_token
from apps.wechat.errors import WeChatUnreachable
from apps.wechat.types import UnlimitedCode
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "/wxa/getwxacodeunlimit"
CIRCUIT_SECONDS = 60.0


def is_held(batch):
    batch.refresh_from_db()
    return batch.state == BatchState.HELD


@pytest.fixture(autouse=True)
def soon_open(settings):
    settings.WECHAT_CIRCUIT_FAILURES, settings.WECHAT_CIRCUIT_SECONDS = 3, CIRCUIT_SECONDS
    circuit._open_until.clear()
    circuit._failing.clear()


def test_a_batch_waits_for_a_dead_wechat_and_uses_up_no_row(sandbox, make_batch, work, miniprogram, clock):
    token = get_access_token(miniprogram, requested_by="client:shop").value
    sandbox.fault("http_502", endpoint=CODE)
    for _ in range(3):
        with pytest.raises(WeChatUnreachable):
            client_for(miniprogram).unlimited_code(access_token=token, code=UnlimitedCode(scene="a"))
    permits = count_permits_this_minute(code_permit_pool(miniprogram.appid))
    batch = make_batch(30)
    engine.ensure_run(batch.miniprogram_id)
    wait_until(lambda: is_held(batch))
    assert batch.hold_code == "wechat_circuit_open" and batch.resume_at is not None
    # a place is planned for the row that goes ahead, and for its next try; none for the other 29
    assert count_permits_this_minute(code_permit_pool(miniprogram.appid)) <= permits + 3
    assert sandbox.count(CODE) == 3
    sandbox.clear_faults()
    clock.advance(CIRCUIT_SECONDS)
    batch = work(batch)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 30, 0)
    assert {item.attempts for item in batch.items.all()} == {0}
    assert sandbox.count(CODE) == 33


def test_rows_that_failed_while_it_opened_are_issued_after_it(sandbox, make_batch, work, clock):
    """Fifty calls are under way when WeChat dies: those rows are asked for again, and none is given up."""
    batch = make_batch(150)
    sandbox.latency(0.3, endpoint=CODE)
    engine.ensure_run(batch.miniprogram_id)
    wait_until(lambda: sandbox.count(CODE) > 20)
    sandbox.fault("http_502", endpoint=CODE)
    wait_until(lambda: is_held(batch))
    sandbox.clear_faults()

    def is_over():
        # whatever is waited for, time goes by twenty times as fast
        clock.advance(1)
        batch.refresh_from_db()
        return batch.state == BatchState.DONE

    wait_until(is_over)
    assert (batch.state, batch.issued, batch.failed) == (BatchState.DONE, 150, 0)
