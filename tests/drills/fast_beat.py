"""The project's Celery application with a beat every second instead of every minute, for drills."""

from wxcode.celery import app

BEAT_SECONDS = 1.0
ENTRY = "refresh-due-tokens"

app.conf.beat_schedule = {ENTRY: app.conf.beat_schedule[ENTRY] | {"schedule": BEAT_SECONDS}}
