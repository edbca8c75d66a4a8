"""Random schedules of readers, rejections, thieves, time, flushes and bad days; our clock and WeChat's move alike.

`DRILL_EXAMPLES=300 python -m pytest tests/drills/test_schedules.py` searches longer, and differently each time.
"""

import os
import time
from collections import Counter

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.errors import WxcodeError
from apps.miniprograms.models import TokenMode
from apps.tokens import local_memory, policy, store
from apps.tokens.models import Trigger
from apps.tokens.services import get_access_token, refresh_token, replace_rejected_token
from apps.wechat.connection import wechat_client
from apps.wechat.errors import TokenRejected
from apps.wechat.types import TOKEN_FETCHES_PER_DAY
from tests.drills.sizes import SIZES
from tests.drills.test_stampede import ENDPOINT
from tests.parts import make_miniprogram

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("DRILL_EXAMPLES", "0"))
# the least that a day of any schedule must leave of WeChat's allowance
FETCHES_PER_DAY_LIMIT = TOKEN_FETCHES_PER_DAY // 2
HOURS = SIZES.simulated_hours

spans = st.one_of(st.integers(1, 90), st.integers(91, 7200), st.integers(7201, 50_000))

# beside the moments at which what a token may do changes
offsets = st.sampled_from([-290, -9, -1, 1, 30, 290])


class Schedules(RuleBasedStateMachine):
    """One mini-program, one process; `traveller` moves our clock, the sandbox's order moves WeChat's."""

    def __init__(self, sandbox, redis_client, traveller):
        super().__init__()
        self.sandbox, self.redis, self.traveller = sandbox, redis_client, traveller
        self.version = 0
        self.held = None
        # tokens that a thief may have killed, which nobody can know before WeChat rejects one
        self.suspects = set()
        self.fetches = Counter()

    @initialize(mode=st.sampled_from(TokenMode.values))
    def begin(self, mode):
        self.sandbox.reset()
        self.redis.flushall()
        self.traveller.move_to(time.time())
        self.miniprogram = make_miniprogram(self.sandbox, token_mode=mode)
        self.appid = self.miniprogram.appid
        self.read()

    # --- what wxcode's users and workers do ----------------------------------------------------------------

    @rule()
    def read(self):
        """Whatever is handed out works, unless a thief has killed it unnoticed."""
        before = store.find_record(self.appid)
        try:
            token = get_access_token(self.miniprogram, requested_by="drill")
        except WxcodeError:
            assert not self.has_good_token(before), "refused although a good token was in the store"
            return
        self.held = token.value
        assert self.works(token.value) or token.value in self.suspects, "a token that wxcode could know to be dead"

    @precondition(lambda self: self.held)
    @rule()
    def use_and_report(self):
        """A caller uses what it holds, however old, and reports a rejection."""
        if self.works(self.held):
            return
        before = store.find_record(self.appid)
        try:
            token = replace_rejected_token(self.miniprogram, rejected=self.held, requested_by="drill")
        except WxcodeError:
            good = before is not None and before.is_usable(time.time()) and before.value != self.held
            assert not (good and self.works(before.value)), "refused although a good token was in the store"
            return
        assert token.value != self.held
        assert self.works(token.value) or token.value in self.suspects
        self.held = token.value

    @rule()
    def refresh(self):
        try:
            refresh_token(self.miniprogram, trigger=Trigger.SCHEDULE, requested_by="drill")
        except WxcodeError:
            return

    @rule()
    def change_the_mode(self):
        modes = {TokenMode.STABLE: TokenMode.CLASSIC, TokenMode.CLASSIC: TokenMode.STABLE}
        self.miniprogram.token_mode = modes[TokenMode(self.miniprogram.token_mode)].value
        self.miniprogram.save()

    # --- what happens to it --------------------------------------------------------------------------------

    @rule(pool=st.sampled_from(["classic", "stable"]), times=st.integers(1, 2))
    def steal(self, pool, times):
        for _ in range(times):
            self.sandbox.steal(self.appid, pool)
        if (record := store.find_record(self.appid)) is not None:
            self.suspects |= {record.value, record.previous_value}

    @rule(times=st.integers(1, 3))
    def be_busy(self, times):
        for endpoint in ENDPOINT.values():
            self.sandbox.fault("busy", endpoint=endpoint, times=times)

    @rule()
    def be_well(self):
        self.sandbox.clear_faults()

    @rule()
    def flush(self):
        self.redis.flushall()

    @rule(seconds=spans)
    def pass_time(self, seconds):
        self.count_fetches()
        self.traveller.shift(seconds)
        self.sandbox.advance(seconds)
        for name in self.redis.scan_iter("wxcode:*"):
            # Redis has a clock of its own, which nobody can move
            remaining = self.redis.pttl(name)
            if remaining >= 0:
                self.redis.pexpire(name, remaining - seconds * 1000)

    @precondition(lambda self: store.find_record(self.appid))
    @rule(offset=offsets)
    def read_when_the_token_ends(self, offset):
        self.pass_time_until(store.find_record(self.appid).expires_at + offset)
        self.read()

    @precondition(lambda self: store.find_record(self.appid))
    @rule(offset=offsets)
    def read_when_the_previous_token_ends(self, offset):
        self.pass_time_until(store.find_record(self.appid).previous_until + offset)
        self.read()

    # --- what must always be true --------------------------------------------------------------------------

    @invariant()
    def versions_only_grow(self):
        record = store.find_record(self.appid) if hasattr(self, "appid") else None
        if record is not None:
            assert record.version >= self.version
            self.version = record.version

    @invariant()
    def the_quota_is_left_alone(self):
        if hasattr(self, "appid"):
            self.count_fetches()
            assert max(self.fetches.values(), default=0) < FETCHES_PER_DAY_LIMIT

    def teardown(self):
        if hasattr(self, "appid"):
            local_memory.forget(self.appid)

    def pass_time_until(self, moment):
        self.pass_time(max(1, int(moment - time.time())))

    # --- questions -----------------------------------------------------------------------------------------

    def works(self, token):
        """Whether WeChat takes it."""
        try:
            wechat_client(is_sandbox=True).api_domain_ips(access_token=token)
        except TokenRejected:
            return False
        return True

    def has_good_token(self, record):
        now = time.time()
        if record is None:
            return False
        usable = [record.value] if record.is_usable(now) else []
        if record.is_previous(record.previous_value, now) and not usable:
            usable.append(record.previous_value)
        return any(self.works(value) for value in usable)

    def count_fetches(self):
        calls = self.sandbox.calls()["endpoints"]
        used = sum(calls.get(endpoint, {}).get(self.appid, {}).get("total", 0) for endpoint in ENDPOINT.values())
        today = policy.wechat_day(time.time())
        self.fetches[today] += used - sum(self.fetches.values())


def test_no_schedule_hands_out_a_dead_token_while_a_good_one_is_there(sandbox, redis_client):
    with time_machine.travel(time.time(), tick=True) as traveller:
        run_state_machine_as_test(
            lambda: Schedules(sandbox, redis_client, traveller),
            settings=settings(
                max_examples=EXAMPLES or SIZES.schedules,
                stateful_step_count=SIZES.schedule_steps,
                derandomize=not EXAMPLES,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.parametrize("mode", TokenMode.values)
def test_thefts_every_ten_minutes_stay_far_below_the_quota(sandbox, redis_client, measured, mode):
    miniprogram = make_miniprogram(sandbox, token_mode=mode)
    with time_machine.travel(time.time(), tick=True) as traveller:
        machine = Schedules(sandbox, redis_client, traveller)
        machine.miniprogram, machine.appid = miniprogram, miniprogram.appid
        for _ in range(6 * HOURS):
            machine.steal(mode, 2)
            machine.read()
            machine.use_and_report()
            machine.pass_time(600)
        machine.the_quota_is_left_alone()
        measured(fetches=dict(machine.fetches))
        assert machine.fetches.total() < FETCHES_PER_DAY_LIMIT * HOURS / 24
        machine.teardown()
