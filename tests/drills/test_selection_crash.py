"""A worker is killed -9 while it changes chosen codes: the next one goes on, nothing is done twice or left out."""

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from apps.codes.models import CodeTag
from apps.selections.models import Action, JobState, SelectionJob
from apps.selections.tasks import attend_selections
from tests.drills.celery_worker import start_worker, wait_for
from tests.drills.sizes import SIZES
from tests.integration.gallery.staff import make_staff
from tests.integration.selections.test_jobs import make_codes, start

CODES = SIZES.selected_codes


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_is_replaced_and_nothing_is_done_twice(fork):
    job = start(make_staff(), make_codes(CODES), Action.TAG, tags=["hall"])
    worker = start_worker(fork)
    wait_for(job, lambda job: job.done > 0, worker)
    worker.kill()
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert CodeTag.objects.count() == job.done == job.changed
    # what time does
    SelectionJob.objects.update(lease_until=timezone.now())
    worker = start_worker(fork)
    attend_selections.delay()
    wait_for(job, lambda job: job.state == JobState.DONE, worker)
    assert (job.done, job.changed, CodeTag.objects.count()) == (CODES, CODES, CODES)
    assert LogEntry.objects.count() == 1
