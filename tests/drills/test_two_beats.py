"""Two beats and two workers by mistake, all real: still one fetch for each mini-program that is due."""

import time

import pytest

from apps.miniprograms.models import TokenMode
from apps.tokens import store
from tests.drills.fast_beat import ENTRY
from tests.drills.sizes import SIZES
from tests.drills.test_stampede import fetches
from tests.parts import make_miniprogram
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
CELERY = ("celery", "-A", "tests.drills.fast_beat")
WORKER = ("worker", "--pool", "threads", "-c", "4", "--without-gossip", "--without-mingle")
PATIENCE_SECONDS = 120
SENT = f"Sending due task {ENTRY}"


class Beats:
    """Two workers, and two beats that tell in their logs what they send."""

    def __init__(self, fork, directory):
        self.logs = []
        for number in (1, 2):
            fork(*CELERY, *WORKER, "-n", f"worker{number}@%h")
            schedule = str(directory / f"beat{number}")
            (beat,) = fork(*CELERY, "beat", "--schedule", schedule, "--pidfile=", "-l", "info")
            self.logs.append(beat.log)

    def sent(self):
        return [log.read_text().count(SENT) for log in self.logs]

    def wait_for_more(self):
        """Whoever wanted to do the same once more has been asked to by both."""
        goals = [count + SIZES.more_beats for count in self.sent()]
        wait_until(lambda: all(now >= goal for now, goal in zip(self.sent(), goals, strict=True)), PATIENCE_SECONDS)


def test_each_due_token_is_fetched_once(sandbox, fork, tmp_path, measured):
    miniprograms = [
        make_miniprogram(sandbox, token_mode=mode) for mode in TokenMode.values for _ in range(SIZES.due_miniprograms)
    ]
    sandbox.latency(SIZES.latency)
    beats = Beats(fork, tmp_path)
    counts = []

    def wait_for(times):
        wait_until(lambda: min(fetches(sandbox, miniprograms)) >= times, PATIENCE_SECONDS)
        beats.wait_for_more()
        counts.append(set(fetches(sandbox, miniprograms)))

    wait_for(1)
    for miniprogram in miniprograms:
        store.set_due(miniprogram.appid, time.time())
    wait_for(2)
    for miniprogram in miniprograms:
        # queues a refresh at once, and makes it due for both beats
        miniprogram.save()
    wait_for(3)
    measured(counts=[list(found) for found in counts])
    assert counts == [{1}, {2}, {3}]
