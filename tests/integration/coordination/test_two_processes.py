"""What this process and another one agree on through Redis: work, results, limits, permits, circuits, counts."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from apps.coordination import circuit
from apps.coordination.counting import read_counters, tally
from apps.coordination.idempotency import Repeatable, run_once
from apps.coordination.rate_limit import PermitRefused, acquire_permit
from apps.coordination.sliding_window import count_one
from tests.conftest import BASE_DIR
from tests.waiting import wait_until

REQUEST = Repeatable("client:1", "order-7", "a" * 64)
LIMIT = {"limit": 10, "period_seconds": 3600}
NAME = "wx1 /endpoint"
# It does the work of the request in our midst, then uses up what there is, and fails three times.
OTHER_PROCESS = f"""
import json
from django.conf import settings
from redis import Redis
from apps.coordination import circuit
from apps.coordination.counting import tally
from apps.coordination.idempotency import Repeatable, run_once
from apps.coordination.rate_limit import acquire_permit
from apps.coordination.sliding_window import count_one

redis = Redis.from_url(settings.REDIS_URL)

def work():
    redis.incr("work-done")
    assert redis.blpop("finish", timeout=60)
    return "17"

told = {{"result": run_once({REQUEST!r}, work)}}
told["counted"] = sum(count_one("window", **{LIMIT!r}).is_granted for _ in range(7))
told["waited"] = [acquire_permit("pool", **{LIMIT!r}, burst=3, max_wait_seconds=0) for _ in range(3)]
tally("codes", "wx1", "issued", amount=5)
for _ in range(3):
    admission = circuit.enter({NAME!r}, trial_seconds=60)
    circuit.note_failure(admission, threshold=3, pause_seconds=600)
print(json.dumps(told))
"""


@pytest.fixture
def other_process():
    words = [sys.executable, "-c", OTHER_PROCESS]
    with subprocess.Popen(words, cwd=BASE_DIR, env=os.environ, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def _no_circuit_is_known():
    for memory in (circuit._open_until, circuit._failing, circuit._asked_at):
        memory.clear()


def test_they_do_one_work_once_and_share_limits_permits_circuits_and_counts(other_process, redis_client: Redis):
    wait_until(lambda: redis_client.get("work-done"), seconds=60)
    redis_client.config_resetstat()
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(run_once, REQUEST, lambda: pytest.fail("done twice"))
        # the claim, and two looks at who leads
        wait_until(lambda: redis_client.info("commandstats").get("cmdstat_get", {"calls": 0})["calls"] >= 3, seconds=60)
        redis_client.rpush("finish", "now")
        assert ours.result() == ("17", True)
    told = json.loads(other_process.communicate(timeout=60)[0])
    assert told == {"result": ["17", False], "counted": 7, "waited": [0.0] * 3}
    assert sum(count_one("window", **LIMIT).is_granted for _ in range(7)) == 3
    with pytest.raises(PermitRefused):
        acquire_permit("pool", **LIMIT, burst=3, max_wait_seconds=0)
    assert circuit.enter(NAME, trial_seconds=60).standing is circuit.Standing.OPEN
    tally("codes", "wx1", "issued")
    assert read_counters()["codes", "wx1", "issued"] == 6
