"""The Django project: settings, addresses, Celery, and the launcher behind `make run`."""

from wxcode.celery import app as celery_app

__all__ = ["celery_app"]
