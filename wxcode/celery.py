"""The Celery application: JSON and ids only go through the broker."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wxcode.settings")

app = Celery("wxcode")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
