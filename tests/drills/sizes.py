"""How large each drill is: short in `make test`, long with `DRILLS=long`. A claim is the same in both."""

import os
from dataclasses import dataclass

IS_LONG = os.environ.get("DRILLS") == "long"


@dataclass(frozen=True)
class Crowd:
    """So many processes of so many threads each that want something at one moment."""

    processes: int
    threads: int

    @property
    def callers(self) -> int:
        return self.processes * self.threads


@dataclass(frozen=True)
class Sizes:
    """Pauses and latencies in seconds."""

    # of WeChat's answer, so that everybody meets while the fetch goes on
    latency: float
    stampede: Crowd
    # mini-programs whose tokens the stampede wants all at once
    many_miniprograms: int
    # identical requests for a code
    identical: Crowd
    # requests to an endpoint that rejects every token
    rejected: Crowd
    # of each mini-program whose fetching process is killed
    survivors: Crowd
    # SDK processes, and their threads for each mini-program
    sdk: Crowd
    readers: Crowd
    # how often every reader is answered in each phase of a drill
    answers_per_phase: int
    # of each token mode, for two beats and two workers
    due_miniprograms: int
    beat_seconds: float
    # how often each beat has sent its task once more before a count is final
    more_beats: int
    batch_rows: int
    # rows that are there when a worker is killed
    killed_after: int
    # whether a batch waits for the end of a dead worker's lease, or the lease is ended for it
    waits_for_lease: bool
    selected_codes: int
    schedules: int
    schedule_steps: int
    # of thefts every ten minutes
    simulated_hours: int
    # admin pages and gallery pages that are searched for credentials
    admin_pages: int
    gallery_pages: int
    # answers of WeChat to token calls that end with a timeout
    slow_token_faults: tuple[str, ...]
    # clients that ask without pause while web nodes restart, and what each is answered before the next one does
    clients: int
    answers_per_restart: int
    # of PostgreSQL under a web node
    restarts: int


SHORT = Sizes(
    latency=0.2,
    stampede=Crowd(2, 10),
    many_miniprograms=4,
    identical=Crowd(2, 10),
    rejected=Crowd(2, 10),
    survivors=Crowd(2, 5),
    sdk=Crowd(2, 10),
    readers=Crowd(2, 4),
    answers_per_phase=2,
    due_miniprograms=2,
    beat_seconds=0.3,
    more_beats=2,
    batch_rows=240,
    killed_after=20,
    waits_for_lease=False,
    selected_codes=3_000,
    schedules=6,
    schedule_steps=30,
    simulated_hours=4,
    admin_pages=12,
    gallery_pages=5,
    slow_token_faults=(),
    clients=3,
    answers_per_restart=3,
    restarts=1,
)
LONG = Sizes(
    latency=0.5,
    stampede=Crowd(16, 50),
    many_miniprograms=20,
    identical=Crowd(4, 25),
    rejected=Crowd(4, 25),
    survivors=Crowd(4, 10),
    sdk=Crowd(16, 50),
    readers=Crowd(4, 6),
    answers_per_phase=30,
    due_miniprograms=8,
    beat_seconds=1.0,
    more_beats=3,
    batch_rows=400,
    killed_after=100,
    waits_for_lease=True,
    selected_codes=20_000,
    schedules=60,
    schedule_steps=40,
    simulated_hours=24,
    admin_pages=70,
    gallery_pages=20,
    slow_token_faults=("hang",),
    clients=6,
    answers_per_restart=20,
    restarts=5,
)
SIZES = LONG if IS_LONG else SHORT
