"""Two beats and two workers by mistake, all real: still one fetch for each mini-program that is due."""

import time

import pytest

from apps.tokens import store
from tests.drills.fast_beat import BEAT_SECONDS
from tests.drills.test_stampede import ENDPOINT
from tests.parts import make_miniprogram

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
CELERY = ("-m", "celery", "-A", "tests.drills.fast_beat")
WORKER = ("worker", "--pool", "threads", "-c", "4", "--without-gossip", "--without-mingle")
START_SECONDS = 60


@pytest.fixture
def two_of_each(spawn, tmp_path):
    """`two_of_each()` starts two workers and two beats."""

    def start():
        for number in (1, 2):
            spawn(*CELERY, *WORKER, "-n", f"worker{number}@%h")
            spawn(*CELERY, "beat", "--schedule", str(tmp_path / f"beat{number}"), "--pidfile=")

    return start


@pytest.fixture
def fetches(sandbox):
    """`fetches(miniprograms)`: how often each was asked for."""
    return lambda miniprograms: [sandbox.count(ENDPOINT[each.token_mode], appid=each.appid) for each in miniprograms]


def wait_until(is_true, seconds):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    # whoever wanted to do the same once more has had several beats for it
    time.sleep(3 * BEAT_SECONDS)


def test_each_due_token_is_fetched_once(sandbox, fetches, two_of_each, measured):
    miniprograms = [make_miniprogram(sandbox, token_mode=mode) for mode in ("stable", "classic") for _ in range(8)]
    sandbox.latency(0.3)
    two_of_each()
    wait_until(lambda: all(fetches(miniprograms)), START_SECONDS)
    after_start = fetches(miniprograms)
    for miniprogram in miniprograms:
        store.set_due(miniprogram.appid, time.time())
    wait_until(lambda: min(fetches(miniprograms)) >= 2, START_SECONDS)
    after_due = fetches(miniprograms)
    for miniprogram in miniprograms:
        # queues a refresh at once, and makes it due for both beats
        miniprogram.save()
    wait_until(lambda: min(fetches(miniprograms)) >= 3, START_SECONDS)
    after_change = fetches(miniprograms)
    measured(after_start=after_start, after_due=after_due, after_change=after_change)
    assert [set(counts) for counts in (after_start, after_due, after_change)] == [{1}, {2}, {3}]
