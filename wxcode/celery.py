"""The Celery application: JSON and ids only go through the broker."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_ready

from wxcode.broker import use_own_transport
from wxcode.garbage import settle
from wxcode.request_ids import request_id
from wxcode.starting import require_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wxcode.settings")


@task_prerun.connect(weak=False)
def name_after_task(task_id: str = "", **kwargs: Any) -> None:
    """The log records of a task carry its id."""
    request_id.set(task_id)


@worker_ready.connect(weak=False)
def settle_down(**kwargs: Any) -> None:
    """Everything is loaded that the tasks need."""
    settle()


def before_configuration(**kwargs: Any) -> None:
    """Only now, because whoever needs no settings imports this, too."""
    require_settings()


use_own_transport()
app = Celery("wxcode")
app.on_configure.connect(before_configuration)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
