"""A run: the clerk who keeps the books of one mini-program's batches while its threads ask WeChat."""

import logging
import queue
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.batches import claims, results
from apps.batches.holding import Holder
from apps.batches.models import BatchItem, BatchState, CodeBatch
from apps.batches.orders import Order, Outcome, ask, new_order
from apps.batches.pacing import Pacer
from apps.batches.progress import PaceKeeper
from apps.batches.seats import seats_of_this_process, threads_of_this_process
from apps.batches.verdicts import MAX_ATTEMPTS, Verdict, is_answer_lost, judge
from apps.codes.bulk import find_identical_ids
from apps.codes.lifetime import AnswerLost
from apps.codes.services import refuse_if_inactive_for_codes
from apps.coordination.connection import CoordinationUnavailable
from apps.errors import WxcodeError
from apps.miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
FLUSH_SECONDS, FLUSH_COUNT = 0.3, 64
TICK_SECONDS = 0.05
# Claimed at a time, and the stock below which more are claimed: half a second's work.
CLAIM_COUNT, CLAIM_LOW = 48, 48
# Of a limited kind no more rows are claimed than are asked for at once: a claim that dies is a lost answer.
LIMITED_CLAIM_COUNT = 4
DATABASE_RETRY_SECONDS = 1.0
LANDING_SECONDS = 5.0


class LeaseLost(Exception):
    """Another run has taken over."""


class InternalError(WxcodeError):
    """A fault of ours while one row was asked for; its traceback is in the log."""


class Run:
    """Works until no batch of the mini-program needs it, until it is told to stop, or until its lease is lost.

    The thread that calls `work` is the only one that uses the database. It claims rows, gives them to the pacer,
    and writes what came of them; threads that all runs share, some fifty of them, ask WeChat. In memory are the
    rows under way, not the batch.
    """

    def __init__(self, miniprogram: MiniProgram, *, owner: str) -> None:
        self.miniprogram = miniprogram
        self.owner = owner
        self.is_stopping = False
        self.batches: dict[int, CodeBatch] = {}
        self._turn: list[int] = []
        self._landed: queue.SimpleQueue[tuple[Order, Future[Outcome]]] = queue.SimpleQueue()
        self._done: list[Outcome] = []
        self._under_way: dict[int, Order] = {}
        # by the digest of every order that is asked for: the others of this run that want the very same code
        self._twins: dict[str, list[Order]] = {}
        self._pacer = Pacer(
            miniprogram, seats=seats_of_this_process(), launch=self._launch, on_trouble=self._note_redis_trouble
        )
        self._redis_trouble: CoordinationUnavailable | None = None
        self._holder = Holder(miniprogram, self._pacer)
        self._pace = PaceKeeper()
        # the batches whose orphans were taken back
        self._adopted: set[int] = set()
        self._has_strays = False
        # the batches in which no row was left to claim
        self._exhausted: set[int] = set()
        self._next_renewal = self._next_look = self._next_flush = 0.0

    def work(self) -> None:
        """Returns when there is nothing left to do here."""
        self._pacer.start()
        try:
            while not self.is_stopping:
                try:
                    if not self._tick():
                        break
                except DatabaseError as error:
                    self._ride_out(error)
        except LeaseLost:
            logger.warning("another run has taken over the batches of %s", self.miniprogram.appid)
        finally:
            self._close()

    def stop(self) -> None:
        """Finish what is under way, give the rest back."""
        self.is_stopping = True

    # --- one turn of the clerk -----------------------------------------------------------------------------

    def _tick(self) -> bool:
        now = time.monotonic()
        if now >= self._next_renewal:
            self._renew()
            self._next_renewal = now + claims.RENEW_SECONDS
        is_idle = bool(self._exhausted) and not self._under_way and not self._done
        if now >= self._next_look or is_idle:
            self._look_around()
            self._next_look = now + LOOK_SECONDS
        self._collect()
        self._holder.tell()
        if self._done and (len(self._done) >= FLUSH_COUNT or time.monotonic() >= self._next_flush):
            self._flush()
        self._claim()
        return bool(self.batches or self._under_way or self._done)

    def _renew(self) -> None:
        if not claims.renew_lease(self.miniprogram.pk, owner=self.owner):
            raise LeaseLost

    def _look_around(self) -> None:
        """Learn what people and time have changed."""
        self._holder.resume_due(timezone.now())
        self.miniprogram.refresh_from_db()
        due = CodeBatch.objects.filter(miniprogram=self.miniprogram).filter(
            Q(state=BatchState.RUNNING) | Q(state=BatchState.HELD, resume_at__isnull=False)
        )
        self.batches = {batch.pk: batch for batch in due.order_by("pk")}
        running = [batch for batch in self.batches.values() if batch.state == BatchState.RUNNING]
        self._adopt([batch for batch in running if batch.pk not in self._adopted])
        if self._has_strays:
            claims.release_strays(self.miniprogram.pk, owner=self.owner, known=self._under_way)
            self._has_strays = False
        active = {batch.pk for batch in running}
        self._give_back(self._pacer.take_back(lambda order: order.batch_id not in active))
        if not running:
            self._stay_until_due()
        elif self._pacer.is_held and not self._holder.is_silent:
            # the pause is not over and yet it runs: somebody pressed resume
            self._holder.let_go()
        self._turn = [pk for pk in self._turn if pk in active] + [pk for pk in active if pk not in self._turn]
        self._exhausted &= active
        self._finish_exhausted()
        self._holder.finish_tried()
        self._pace.note(running)
        self._refuse_if_inactive()

    def _adopt(self, newcomers: Sequence[CodeBatch]) -> None:
        if newcomers:
            claims.take_back_orphans(newcomers, owner=self.owner)
            first_time = CodeBatch.objects.filter(pk__in=[batch.pk for batch in newcomers], started_at=None)
            first_time.update(started_at=timezone.now())
            self._adopted |= {batch.pk for batch in newcomers}

    def _stay_until_due(self) -> None:
        resumes = [batch.resume_at for batch in self.batches.values() if batch.resume_at]
        if resumes:
            self._pacer.hold((min(resumes) - timezone.now()).total_seconds())

    def _refuse_if_inactive(self) -> None:
        try:
            refuse_if_inactive_for_codes(self.miniprogram)
        except WxcodeError as error:
            self._holder.hold(error)

    # --- claiming ------------------------------------------------------------------------------------------

    def _claim(self) -> None:
        turn = next((pk for pk in self._turn if pk not in self._exhausted), None)
        if turn is None or self._pacer.is_held or self._pacer.backlog >= CLAIM_LOW or self.is_stopping:
            return
        # the next batch's turn comes after it, so that a small one does not wait for a large one
        self._turn.remove(turn)
        self._turn.append(turn)
        batch, limit = self.batches[turn], CLAIM_COUNT
        if batch.is_limited_kind:
            limit = LIMITED_CLAIM_COUNT - self._count_under_way(turn)
            if limit <= 0:
                return
        items = claims.claim_rows(batch, owner=self.owner, limit=limit)
        if items:
            self._admit(batch, items)
        else:
            self._exhausted.add(turn)

    def _finish_exhausted(self) -> None:
        for batch_id in self._exhausted:
            if not self._count_under_way(batch_id) and self._holder.finish_if_done(self.batches[batch_id]):
                del self.batches[batch_id]
                self._turn.remove(batch_id)
        # a retry may have brought rows back
        self._exhausted.clear()

    def _admit(self, batch: CodeBatch, items: Sequence[BatchItem]) -> None:
        existing = find_identical_ids(self.miniprogram, {item.digest for item in items})
        drawn = {outcome.order.digest for outcome in self._done if outcome.error is None}
        fresh = []
        for order in (new_order(item, batch) for item in items):
            self._under_way[order.item_id] = order
            if order.digest in existing or order.digest in drawn:
                self._done.append(Outcome(order, code_id=existing.get(order.digest), is_reused=True))
            elif order.digest in self._twins:
                self._twins[order.digest].append(order)
            else:
                self._twins[order.digest] = []
                fresh.append(order)
        self._pacer.offer(fresh)

    def _count_under_way(self, batch_id: int) -> int:
        return sum(order.batch_id == batch_id for order in self._under_way.values())

    def _give_back(self, orders: Sequence[Order]) -> None:
        twins = [twin for order in orders for twin in self._twins.pop(order.digest, [])]
        given = [order.item_id for order in (*orders, *twins)]
        # forgotten first: without the database they become strays, which are given back when it answers
        for item_id in given:
            self._under_way.pop(item_id, None)
        claims.release_rows(given, owner=self.owner)

    # --- asking, and what comes of it ----------------------------------------------------------------------

    def _launch(self, order: Order, permit_at: float) -> None:
        """In the pacer's thread."""
        future = threads_of_this_process().submit(ask, order, self.miniprogram, permit_at=permit_at)
        future.add_done_callback(partial(self._land, order))

    def _land(self, order: Order, future: "Future[Outcome]") -> None:
        """In the thread that asked."""
        self._landed.put((order, future))
        # a failed call keeps its place until the clerk has judged it, or another one would go before the hold
        if future.exception() is not None or _is_well(future.result()):
            self._pacer.landed(is_well=True)

    def _note_redis_trouble(self, unavailable: CoordinationUnavailable) -> None:
        """In the pacer's thread."""
        # not again before the clerk has read it
        self._pacer.hold(2 * TICK_SECONDS)
        self._redis_trouble = unavailable

    def _collect(self) -> None:
        if self._redis_trouble is not None:
            trouble, self._redis_trouble = self._redis_trouble, None
            self._holder.hold(trouble)
        # the pool has sixteen for the whole worker: as many runs, held ones too, kept tokens from being refreshed
        connection.close_if_unusable_or_obsolete()
        try:
            entry = self._landed.get(timeout=TICK_SECONDS)
            while True:
                self._receive(self._outcome(*entry))
                entry = self._landed.get_nowait()
        except queue.Empty:
            return

    def _outcome(self, order: Order, future: "Future[Outcome]") -> Outcome:
        fault = future.exception()
        if fault is None:
            return future.result()
        logger.error("a row of batch %d could not be asked for", order.batch_id, exc_info=fault)
        return Outcome(order, error=InternalError(_("Internal error in wxcode. Operators: see the log.")))

    def _receive(self, outcome: Outcome) -> None:
        order, error = outcome.order, outcome.error
        verdict = self._holder.judge(outcome)
        if not _is_well(outcome):
            self._pacer.landed(is_well=False)
        if error is not None and order.is_limited_kind and is_answer_lost(error):
            outcome.error = AnswerLost(
                str(error), advice=_("Retry rows without a response; this may use up one more limited code.")
            )
            verdict = Verdict.FAIL_ROW
        if verdict is Verdict.TRY_AGAIN and order.attempts >= MAX_ATTEMPTS:
            verdict = Verdict.FAIL_ROW
        if error is None or verdict is Verdict.FAIL_ROW:
            self._done.append(outcome)
            self._settle_twins(outcome)
        elif verdict is Verdict.HOLD_FOR_PERSON:
            self._give_back([order])
        else:
            self._pacer.offer([order])

    def _settle_twins(self, outcome: Outcome) -> None:
        """Others asked for the very same code: they get it too, or one of them tries in its turn."""
        twins = self._twins.pop(outcome.order.digest)
        if not twins:
            return
        if outcome.error is None:
            # written after the one that they are equal to, which makes them find its code
            self._done += [Outcome(twin, code_id=outcome.code_id, is_reused=True) for twin in twins]
            return
        self._twins[outcome.order.digest] = twins[1:]
        self._pacer.offer(twins[:1])

    def _flush(self) -> None:
        results.write_outcomes(self.miniprogram, self._done, owner=self.owner)
        for outcome in self._done:
            self._under_way.pop(outcome.order.item_id, None)
        self._done = []
        self._next_flush = time.monotonic() + FLUSH_SECONDS

    # --- bad days and the end ------------------------------------------------------------------------------

    def _ride_out(self, error: DatabaseError) -> None:
        """Without the database nothing is claimed; what has landed is kept until it can be written."""
        logger.warning("the database does not answer (%s); the batches wait for it", type(error).__name__)
        self._pacer.hold(DATABASE_RETRY_SECONDS + LOOK_SECONDS)
        # rows may have been claimed by a statement whose answer did not come
        self._has_strays = True
        connection.close()
        time.sleep(DATABASE_RETRY_SECONDS)

    def _close(self) -> None:
        self._pacer.stop()
        self._pacer.join()
        deadline = time.monotonic() + LANDING_SECONDS
        try:
            while self._pacer.in_flight and time.monotonic() < deadline:
                self._collect()
            # what the last one put there before it gave its place back
            self._collect()
            if self._done:
                self._flush()
            claims.release_rows(self._never_asked(), owner=self.owner)
            self._holder.finish_tried()
            claims.end_lease(self.miniprogram.pk, owner=self.owner)
        except DatabaseError:
            # the lease ends by itself, and the next run takes the rows back
            logger.warning("the batches of %s were left without tidying up", self.miniprogram.appid)
        finally:
            connection.close()

    def _never_asked(self) -> list[int]:
        waiting = self._pacer.take_back(lambda order: True)
        return [order.item_id for order in (*waiting, *(twin for twins in self._twins.values() for twin in twins))]


def _is_well(outcome: Outcome) -> bool:
    """Whether WeChat answered sensibly."""
    return outcome.error is None or judge(outcome.error) is Verdict.FAIL_ROW
