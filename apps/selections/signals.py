"""What makes a worker attend to selections."""

import logging
from typing import Any

from django.dispatch import receiver
from kombu.exceptions import OperationalError

from apps.selections.jobs import work_waiting
from apps.selections.tasks import attend_selections

logger = logging.getLogger(__name__)


@receiver(work_waiting)
def ask_a_worker(sender: Any, **kwargs: Any) -> None:
    """Without Redis the beat does it when Redis is back."""
    try:
        attend_selections.delay()
    except OperationalError:
        logger.warning("no worker could be asked: the work on the selection begins with the next beat")
