"""The project's Celery application with a beat of a second or less instead of every minute, for drills."""

from tests.drills.sizes import SIZES
from wxcode.celery import app

ENTRY = "refresh-due-tokens"

app.conf.beat_schedule = {ENTRY: app.conf.beat_schedule[ENTRY] | {"schedule": SIZES.beat_seconds}}
