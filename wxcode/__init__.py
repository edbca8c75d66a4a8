"""The Django project: settings, addresses, Celery, and the launcher behind `make run`."""

# of the release that CHANGELOG.md describes; pyproject.toml and the API's description take it from here
__version__ = "0.2.0"

from wxcode.celery import app as celery_app

__all__ = ["celery_app"]
