"""Jobs: work on a selection in chunks, by whoever holds the lease; what a dead worker leaves is taken up by the next.

A chunk and the progress behind it are stored together, so that nothing is done twice and nothing is left out. A job
works for a slice of time and goes behind the others then, so that a long one keeps nobody waiting.
"""

import logging
import secrets
import time
from datetime import timedelta
from typing import Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.dispatch import Signal
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.errors import Conflict, WxcodeError
from apps.exports.sheets import PART_SIZE
from apps.selections.actions import CHANGES
from apps.selections.choosing import CHUNK, codes_within_rights
from apps.selections.models import OPEN_STATES, Action, JobState, Selection, SelectionJob
from apps.selections.printing import draw_part
from apps.selections.trail import record_end

logger = logging.getLogger(__name__)

# Sent when somebody should work on jobs.
work_waiting = Signal()
# Renewed with every chunk, and every 100 codes of a PDF, which is 3 s on two busy cores.
LEASE_SECONDS = 90.0
PAUSE_SECONDS = 30.0
SLICE_SECONDS = 8.0
# of a worker's four threads; the others refresh tokens
MOST_AT_ONCE = 2
MOST_ATTEMPTS = 5
MOST_OPEN = 10
DIRECTORY = "sheets"


class TooMuchAtOnce(Conflict):
    """The person has many open jobs already."""

    code = "too_much_at_once"
    title = gettext_lazy("Too many jobs at once")


class JobLost(Exception):
    """Somebody else works on it now, or it was cancelled."""


def start_job(selection: Selection, action: Action, options: dict[str, Any]) -> SelectionJob:
    """Work on `selection`: a single chunk of changes is done at once, everything else by a worker. TooMuchAtOnce."""
    if SelectionJob.objects.open().filter(selection__user=selection.user_id).count() >= MOST_OPEN:
        raise TooMuchAtOnce(
            _("You already have %(most)d jobs running.") % {"most": MOST_OPEN},
            advice=_("Wait for one of them, or cancel it."),
        )
    options = options | {"language": translation.get_language() or ""}
    job = SelectionJob.objects.create(selection=selection, action=action, options=options, total=selection.count)
    if action in CHANGES and job.total <= CHUNK:
        work(job.pk)
        job.refresh_from_db()
    if job.is_open:
        transaction.on_commit(lambda: work_waiting.send(sender=None))
    return job


def cancel_job(job: SelectionJob) -> None:
    """What is done stays done. A job that has ended meanwhile stays as it is."""
    _end(job.pk, JobState.CANCELLED)


def announce(jobs: list[SelectionJob]) -> None:
    """Remember that the person has been told that these have ended."""
    SelectionJob.objects.filter(pk__in=[job.pk for job in jobs]).update(announced_at=timezone.now())


def attend() -> bool:
    """Work for a slice of time on the job that has waited longest; answer whether any is waiting still."""
    now = timezone.now()
    if SelectionJob.objects.attended(now).count() >= MOST_AT_ONCE:
        # those who work on them ask again
        return False
    waiting = SelectionJob.objects.unattended(now).order_by(F("lease_until").asc(nulls_first=True), "pk")
    pk = waiting.values_list("pk", flat=True).first()
    if pk is None:
        return False
    work(pk)
    return bool(SelectionJob.objects.unattended(timezone.now()).exists())


def work(pk: int, *, seconds: float = SLICE_SECONDS) -> None:
    """Work on this job for so long, or until it ends; nothing if somebody else does."""
    owner = secrets.token_hex(16)
    job = _take(pk, owner)
    if job is None:
        return
    until = time.monotonic() + seconds
    step = _draw if job.action == Action.PRINT else _change
    try:
        with translation.override(job.options.get("language") or None):
            while step(job, owner):
                if time.monotonic() > until:
                    _let_go(job, owner)
                    return
    except JobLost:
        return
    except WxcodeError as error:
        _pause(job, owner, str(error))
    except Exception:  # noqa: BLE001  (whatever it was, the person is told, and others get on)
        logger.exception("work on selection job %d stopped", pk)
        _pause(job, owner, _("Unexpected error. Operators: see the log."))


def _take(pk: int, owner: str) -> SelectionJob | None:
    now = timezone.now()
    free = SelectionJob.objects.unattended(now).filter(pk=pk)
    lease = now + timedelta(seconds=LEASE_SECONDS)
    if not free.update(state=JobState.RUNNING, owner=owner, lease_until=lease, attempts=F("attempts") + 1):
        return None
    job: SelectionJob = SelectionJob.objects.select_related("selection").get(pk=pk)
    if job.attempts > MOST_ATTEMPTS:
        _end(pk, JobState.FAILED, problem=job.problem or _("The worker crashed repeatedly."))
        return None
    return job


def _change(job: SelectionJob, owner: str) -> bool:
    """One chunk of changes with the progress behind it; whether there is more to do. Raises JobLost."""
    with transaction.atomic():
        # the row stays locked, so that neither a cancel nor another worker comes in between
        current = _mine(job, owner).select_for_update().first()
        if current is None:
            raise JobLost
        chunk = job.selection.code_ids[current.done : current.done + CHUNK]
        result = CHANGES[job.action](codes_within_rights(job.selection.user_id, chunk), job.options)
        _advance(
            job,
            owner,
            len(chunk),
            changed=F("changed") + result.changed,
            full=F("full") + result.full,
            left_out=F("left_out") + len(chunk) - result.found,
        )
        return _go_on(job, current.done + len(chunk))


def _draw(job: SelectionJob, owner: str) -> bool:
    """One document of sheets; whether there is more to do. Raises JobLost, and what draw_part raises."""
    current = _mine(job, owner).first()
    if current is None:
        raise JobLost
    # jobs of the version before have no order of their own
    ids = job.options.get("ids", job.selection.code_ids)
    chunk = ids[current.done : current.done + PART_SIZE]
    # the half-used sheet is the first one
    options = job.options if current.done == 0 else job.options | {"start": ""}
    file, count = draw_part(job.selection.user_id, chunk, options, go_on=lambda: _renew(job, owner))
    with file:
        size = file.seek(0, 2)
        file.seek(0)
        # the time is in the name, so that tidying needs a list and nothing more
        name = f"{DIRECTORY}/{int(time.time())}-{secrets.token_hex(16)}.pdf"
        place = default_storage.save(name, File(file)) if count else ""
    files = [*current.files, {"place": place, "size": size, "count": count}] if count else current.files
    try:
        with transaction.atomic():
            _advance(
                job,
                owner,
                len(chunk),
                files=files,
                changed=F("changed") + count,
                left_out=F("left_out") + len(chunk) - count,
            )
            return _go_on(job, current.done + len(chunk))
    except JobLost:
        default_storage.delete(place) if place else None
        raise


def _go_on(job: SelectionJob, done: int) -> bool:
    if done < job.total:
        return True
    _end(job.pk, JobState.DONE)
    return False


def _mine(job: SelectionJob, owner: str) -> Any:
    return SelectionJob.objects.filter(pk=job.pk, owner=owner, state=JobState.RUNNING)


def _advance(job: SelectionJob, owner: str, count: int, **changes: Any) -> None:
    lease = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    progress = {"done": F("done") + count, "lease_until": lease, "attempts": 0, "problem": ""}
    if not _mine(job, owner).update(**progress, **changes):
        raise JobLost


def _renew(job: SelectionJob, owner: str) -> None:
    """Raises JobLost, so that a cancelled job stops in the middle of a document."""
    if not _mine(job, owner).update(lease_until=timezone.now() + timedelta(seconds=LEASE_SECONDS)):
        raise JobLost


def _let_go(job: SelectionJob, owner: str) -> None:
    """Behind all others that wait."""
    _mine(job, owner).update(owner="", lease_until=timezone.now(), attempts=0)


def _pause(job: SelectionJob, owner: str, problem: str) -> None:
    """Try again later: storage and databases come back."""
    lease = timezone.now() + timedelta(seconds=PAUSE_SECONDS)
    _mine(job, owner).update(owner="", lease_until=lease, problem=problem[:500])


def _end(pk: int, state: JobState, *, problem: str = "") -> None:
    with transaction.atomic():
        ended = {"state": state, "finished_at": timezone.now(), "owner": "", "lease_until": None}
        ended |= {"problem": problem} if problem else {}
        if SelectionJob.objects.filter(pk=pk, state__in=OPEN_STATES).update(**ended):
            record_end(SelectionJob.objects.select_related("selection").get(pk=pk))
